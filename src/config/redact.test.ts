import { expect, test } from "vitest";
import { redactLocation, redactor } from "./redact.ts";

test.each([
  ["rest:https://ada:hunter2@host:8000/repo", "rest:https://ada:***@host:8000/repo"],
  ["https://:hunter2@host/", "https://:***@host/"],
  ["https://ada:p@ss:w@rd@host/x", "https://ada:***@host/x"],
  ["https://ghp_0123456789abcdefghij@github.com/x", "https://***@github.com/x"],
  ["GET https://h/x?X-Amz-Signature=abc123&part=2", "GET https://h/x?X-Amz-Signature=***&part=2"],
  ["header authorization: Bearer abcdefgh12345", "header authorization: Bearer ***"],
  ["sftp:ada@host:/backups", "sftp:ada@host:/backups"],
  ["s3:https://host:9000/bucket/prefix", "s3:https://host:9000/bucket/prefix"],
])("%s", (text, clean) => {
  expect(redactLocation(text)).toBe(clean);
});

test("a secret that is known goes wherever it stands, also one learnt later", () => {
  const secrets = new Set<string>();
  const redact = redactor(() => secrets);
  expect(redact("cannot open with correct horse")).toBe("cannot open with correct horse");
  secrets.add("correct horse");
  expect(redact("cannot open with correct horse")).toBe("cannot open with ***");
});

test("an empty or tiny secret does not blot out the message", () => {
  expect(redactor(() => ["", "a"])("a backup failed")).toBe("a backup failed");
});
