import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** What it answers, whatever it is asked. */
export const STAND_IN_REPLY = "The stand-in for the model has answered.";
export const STAND_IN_MODEL = "stand-in";

const EMBEDDING_DIMENSIONS = 64;
const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

interface Question {
  model?: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  input?: string | string[];
}

/** Stands in for whatever serves models: OpenAI's HTTP interface, on the loopback. */
export class StandInModel implements AsyncDisposable {
  readonly #servers: readonly Server[];

  private constructor(servers: readonly Server[]) {
    this.#servers = servers;
  }

  /** Where it listens; first the port that the system picked. */
  get ports(): number[] {
    return this.#servers.map((server) => (server.address() as AddressInfo).port);
  }

  /** Listens on a port of its own and on as many of the given ones as are free. */
  static async listen(ports: readonly number[]): Promise<StandInModel> {
    const servers: Server[] = [];
    for (const port of [0, ...ports]) {
      const server = createServer((request, response) => {
        answer(request, response).catch((error: unknown) => response.destroy(error as Error));
      });
      server.listen(port, "127.0.0.1");
      await once(server, "listening").then(
        () => servers.push(server),
        () => undefined,
      );
    }
    return new StandInModel(servers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#servers.map(async (server) => {
        const closed = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closed;
      }),
    );
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = Buffer.concat(await request.toArray()).toString("utf8");
  const question = (text === "" ? {} : JSON.parse(text)) as Question;
  const model = question.model ?? STAND_IN_MODEL;
  // Providers differ in what stands before: /v1, /api/v1, nothing.
  const path = new URL(request.url ?? "/", "http://stand-in").pathname;
  if (path.endsWith("/models")) {
    send(response, { object: "list", data: [{ id: STAND_IN_MODEL, object: "model" }] });
  } else if (path.endsWith("/embeddings")) {
    send(response, { object: "list", model, data: embeddings(question.input), usage: USAGE });
  } else if (path.endsWith("/chat/completions")) {
    if (question.stream === true) stream(response, model, question);
    else complete(response, model);
  } else {
    response.statusCode = 404;
    send(response, { error: { message: "the stand-in for the model does not know this" } });
  }
}

function send(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(value));
}

function complete(response: ServerResponse, model: string): void {
  const message = { role: "assistant", content: STAND_IN_REPLY };
  send(response, {
    id: "stand-in",
    object: "chat.completion",
    created: 0,
    model,
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: USAGE,
  });
}

function stream(response: ServerResponse, model: string, question: Question): void {
  const head = { id: "stand-in", object: "chat.completion.chunk", created: 0, model };
  const event = (fields: object): void => {
    response.write(`data: ${JSON.stringify({ ...head, ...fields })}\n\n`);
  };
  const delta = (content: object, finish: string | null): void =>
    event({ choices: [{ index: 0, delta: content, finish_reason: finish }] });
  response.setHeader("content-type", "text/event-stream");
  delta({ role: "assistant", content: STAND_IN_REPLY }, null);
  delta({}, "stop");
  if (question.stream_options?.include_usage === true) event({ choices: [], usage: USAGE });
  response.end("data: [DONE]\n\n");
}

/** All different from zero, which some take for a failure. */
function embeddings(input: Question["input"]): object[] {
  return [input ?? []].flat().map((text, index) => {
    const embedding = Array.from({ length: EMBEDDING_DIMENSIONS }, (_, i) => {
      return ((text.charCodeAt(i % (text.length || 1)) || 1) % 97) / 97 + 0.01;
    });
    return { object: "embedding", index, embedding };
  });
}
