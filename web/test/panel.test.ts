import { afterEach, expect, it, vi } from "vitest";
import type { App } from "../src/app";
import { factsOf } from "../src/files/facts";
import { wordsOf } from "../src/i18n";
import type { Item } from "../src/state";
import { panel } from "../src/views/panel";

/** A template as text, each value where it stands. */
function textOf(given: unknown): string {
  if (Array.isArray(given)) return given.map(textOf).join("");
  if (typeof given !== "object" || given === null) return String(given);
  if (!("strings" in given && "values" in given)) return "";
  const [strings, values] = [given.strings as string[], given.values as unknown[]];
  return strings.map((text, index) => text + textOf(values[index] ?? "")).join("");
}

function panelOf(saving: boolean, given: Partial<Item> = {}): string {
  vi.stubGlobal("location", { host: "a.example" });
  const item = {
    ...{ id: 1, file: new File([], "a.png"), facts: factsOf(new Uint8Array()), phase: "done" },
    ...{ notes: "", strength: 1, ...given },
  };
  const models = [{ name: "fast", description: "" }];
  const server = { models, formats: ["jpg", "png"], limits: {} };
  const state = { items: [item], selected: item, engine: "browser", server, saving, locked: true };
  const app = { state: { language: "en", quality: 92, view: "clean", ...state } };
  return textOf(panel({ ...app, words: wordsOf("en"), localModel: "fast" } as unknown as App));
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it.each([true, false])("lets nobody have all made anew while it is saved: %s", (saving) => {
  const text = panelOf(saving);
  for (const start of ['<fieldset class="pair" ', '<button class="button quiet" ']) {
    expect(text).toContain(`${start}?disabled=${saving}>`);
  }
});

it("says what may be lost of a file that it cannot read, and not that it is there", () => {
  const text = panelOf(false);
  const words = wordsOf("en");
  expect(text).toContain(words.unread);
  expect(text).toContain(words.alphaEdges);
  for (const line of [words.deep, words.profile, words.metadata]) expect(text).not.toContain(line);
});
