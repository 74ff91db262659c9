import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** A stand-in for a model provider: OpenAI's HTTP interface, on loopback, the same answer always. */
export interface ModelServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/v1` */
  readonly baseUrl: string;
  /** Chat requests answered so far. */
  readonly chats: number;
  /** The keys (bearer tokens) that chat requests came with; to be cleared by whoever looks. */
  readonly keys: Set<string>;
}

interface ChatRequest {
  model?: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  messages?: { role: string; content: unknown }[];
  input?: string | string[];
}

const EMBEDDING_DIMENSIONS = 64;
const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

/** What the stand-in says: it depends on what the user has said so far and on nothing else. */
function answerTo(messages: ChatRequest["messages"]): string {
  const said = messages?.filter(({ role }) => role === "user").map(({ content }) => content) ?? [];
  const digest = createHash("sha256").update(JSON.stringify(said)).digest("hex");
  return `Noted under ${digest.slice(0, 16)}.`;
}

/** Starts on a port the system picks. Dispose it to close it and every open connection. */
export async function startModelServer(): Promise<ModelServer> {
  let chats = 0;
  const keys = new Set<string>();
  const server = createServer((request, response) => {
    if (request.url === "/v1/chat/completions") {
      chats += 1;
      keys.add((request.headers.authorization ?? "").replace(/^Bearer /, ""));
    }
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    get chats() {
      return chats;
    },
    keys,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = Buffer.concat(await request.toArray()).toString("utf8");
  const body = (text === "" ? {} : JSON.parse(text)) as ChatRequest;
  const model = body.model ?? "fake-1";
  switch (request.url) {
    case "/v1/models":
      return sendJson(response, { object: "list", data: [{ id: "fake-1", object: "model" }] });
    case "/v1/embeddings":
      return sendJson(response, {
        object: "list",
        model,
        data: embeddings(body.input),
        usage: USAGE,
      });
    case "/v1/chat/completions":
      return body.stream === true ? stream(response, model, body) : sendChat(response, model, body);
    default:
      response.statusCode = 404;
      return sendJson(response, { error: { message: `no ${request.url ?? ""} here` } });
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(value));
}

function sendChat(response: ServerResponse, model: string, body: ChatRequest): void {
  const message = { role: "assistant", content: answerTo(body.messages) };
  sendJson(response, {
    id: "chatcmpl-0",
    object: "chat.completion",
    created: 0,
    model,
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: USAGE,
  });
}

function stream(response: ServerResponse, model: string, body: ChatRequest): void {
  const send = (fields: object): void => {
    const head = { id: "chatcmpl-0", object: "chat.completion.chunk", created: 0, model };
    response.write(`data: ${JSON.stringify({ ...head, ...fields })}\n\n`);
  };
  const delta = (content: object, finish: string | null): void =>
    send({ choices: [{ index: 0, delta: content, finish_reason: finish }] });

  response.setHeader("content-type", "text/event-stream");
  delta({ role: "assistant", content: "" }, null);
  for (const word of answerTo(body.messages).split(/(?<= )/)) delta({ content: word }, null);
  delta({}, "stop");
  if (body.stream_options?.include_usage === true) send({ choices: [], usage: USAGE });
  response.end("data: [DONE]\n\n");
}

function embeddings(input: ChatRequest["input"]): object[] {
  return [input ?? []].flat().map((text, index) => {
    const bytes = createHash("sha512").update(text).digest();
    const embedding = Array.from({ length: EMBEDDING_DIMENSIONS }, (_, i) => (bytes[i] ?? 0) / 255);
    return { object: "embedding", index, embedding };
  });
}
