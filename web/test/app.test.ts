import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/app";
import { factsOf } from "../src/files/facts";
import { wordsOf } from "../src/i18n";
import type { Item } from "../src/state";

const words = wordsOf("en");

/** A page that is never drawn, in a browser that can read no picture. */
function appOf(): App {
  const app = new App({} as HTMLElement);
  Object.assign(app.state, { engine: "server", language: "en" });
  return app;
}

/** What the tasks that were begun lead to. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(() => {
  vi.stubGlobal("navigator", { languages: ["en"], hardwareConcurrency: 1 });
  vi.stubGlobal("crossOriginIsolated", false);
  vi.stubGlobal("requestAnimationFrame", () => 0);
  vi.stubGlobal("createImageBitmap", () =>
    Promise.reject(new DOMException("", "InvalidStateError")),
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("goes on behind what cannot be read, such as a folder, and says so", async () => {
  const app = appOf();
  app.state.engine = "browser";
  const folder = new File([], "folder");
  const missing = new DOMException("", "NotFoundError");
  folder.slice = () => ({ arrayBuffer: () => Promise.reject(missing) }) as unknown as Blob;
  await app.add([folder, new File(["GIF"], "a.gif")]);
  expect(app.state.items.map(({ file }) => file.name)).toEqual(["a.gif"]);
  expect(app.state.message?.(words)).toBe(`folder: ${words.noPictures}`);
});

it.each([
  ["without a network", (): Promise<Response> => Promise.reject(new TypeError("Failed to fetch"))],
  ["of a host that lacks it", () => Promise.resolve(new Response("", { status: 404 }))],
])("says that there is no example %s", async (_, answer) => {
  const app = appOf();
  vi.stubGlobal("fetch", answer);
  await app.addExample();
  expect(app.state.items).toEqual([]);
  expect(app.state.message?.(words)).toBe(words.noExample);
  expect(app.state.announcement).toBe(app.state.message);
});

describe("a picture that only the server reads and that is looked at again", () => {
  const busy = (status: number): Response => new Response(null, { status, statusText: "Busy" });

  /** Selects a picture whose preview gets this answer. */
  async function look(
    given: Pick<Item, "phase"> & Partial<Item>,
    answer: Response | Error,
  ): Promise<[App, Item]> {
    const app = appOf();
    const file = new File([], "a.heic");
    const facts = factsOf(new Uint8Array());
    const item: Item = { id: 1, file, facts, notes: "", strength: 1, ...given };
    app.state.items.push(item);
    vi.stubGlobal("fetch", () =>
      answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
    );
    app.select(item);
    await settled();
    return [app, item];
  }

  it.each([
    ["429 Busy", busy(429)],
    ["503 Busy", busy(503)],
    [words.locked, busy(401)],
    [words.unreachable, new TypeError("Failed to fetch")],
  ])("stays what it is: %s", async (told, answer) => {
    for (const given of [{ phase: "done", result: new Blob() }, { phase: "waiting" }] as const) {
      const [app, item] = await look(given, answer instanceof Error ? answer : answer.clone());
      expect(item.phase).toBe(given.phase);
      expect(item).not.toHaveProperty("problem");
      expect(app.state.message?.(words)).toBe(`a.heic: ${told}`);
    }
  });

  it("asks for the token where the server wants it again", async () => {
    const [app] = await look({ phase: "done", result: new Blob() }, busy(401));
    expect(app.state.locked).toBe(true);
  });

  it("keeps its result whatever becomes of the preview", async () => {
    const [app, item] = await look({ phase: "done", result: new Blob() }, new Response("?"));
    expect(item.phase).toBe("done");
    expect(app.state.message?.(words)).toBe(`a.heic: ${words.unreadable}`);
  });

  it("has failed where it waits and nobody can read it", async () => {
    const [app, item] = await look({ phase: "waiting" }, new Response("?"));
    expect(item.phase).toBe("failed");
    expect(item.problem?.(words)).toBe(words.unreadable);
    expect(app.state.message).toBeUndefined();
  });

  it("says what it has failed by in one place", async () => {
    const problem = (): string => "before";
    const [app, item] = await look({ phase: "failed", problem }, busy(503));
    expect(item.problem).toBe(problem);
    expect(app.state.message).toBeUndefined();
  });
});
