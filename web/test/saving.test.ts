import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Desk } from "../src/desk";
import { factsOf } from "../src/files/facts";
import { saveAll, saveOne } from "../src/saving";
import type { Item, State } from "../src/state";

const saved: { name: string; file: Blob }[] = [];
const wishes: Record<string, string>[] = [];

function itemOf(name: string): Item {
  const facts = factsOf(new Uint8Array());
  return { id: 1, file: new File([], name), facts, phase: "done", notes: "", strength: 1 };
}

/** A state whose server answers with the name of the format, while the visitor chooses all anew. */
function stateOf(...items: Item[]): State {
  const server = { formats: ["jpg", "png"] } as unknown as State["server"];
  const state = { items, engine: "server", server, model: "fast", format: "jpg", quality: 92 };
  vi.stubGlobal("fetch", (address: string) => {
    const wish = Object.fromEntries(new URL(address, "https://a.example").searchParams);
    wishes.push(wish);
    Object.assign(state, { engine: "browser", model: "base", format: "png", quality: 50 });
    return Promise.resolve(new Response(wish.format));
  });
  return state as unknown as State;
}

beforeEach(() => {
  saved.length = wishes.length = 0;
  vi.useFakeTimers(); // addresses are given back a minute later
  let file = new Blob();
  vi.spyOn(URL, "createObjectURL").mockImplementation((given) => {
    file = given as Blob;
    return "blob:";
  });
  const link = { download: "", click: () => saved.push({ name: link.download, file }) };
  vi.stubGlobal("document", { createElement: () => link });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const WISH = { model: "fast", strength: "1", format: "jpg", quality: "92" };

it("names a file by what is in it, whatever is chosen meanwhile", async () => {
  const item = itemOf("a.heic");
  const state = stateOf(item);
  await saveOne(state, new Desk(state), item);
  expect(wishes).toEqual([WISH]);
  expect(saved[0].name).toBe("a.derained.jpg");
  expect(await saved[0].file.text()).toBe("jpg");
});

it("makes all files of a ZIP as its names say", async () => {
  const state = stateOf(itemOf("a.heic"), itemOf("b.heic"));
  await saveAll(state, new Desk(state));
  expect(wishes).toEqual([WISH, WISH]);
  expect(saved[0].name).toBe("derained.zip");
  const zip = await saved[0].file.text();
  expect(zip).toContain("a.derained.jpg");
  expect(zip).toContain("b.derained.jpg");
});
