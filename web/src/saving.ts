/** Results as files on the visitor's disk. */

import { downloadZip } from "client-zip";
import type { Desk } from "./desk";
import { derain } from "./engine/server";
import { distinct, encode, hasQuality, naturalSuffix, resultName, SUFFIXES } from "./files/formats";
import type { Suffix } from "./files/formats";
import type { Item, State } from "./state";

/** Suffixes that results can be saved with. */
export function writable({ engine, server }: State): readonly string[] {
  return engine === "server" && server ? server.formats : SUFFIXES;
}

export function suffixFor(state: State, item: Item): string {
  const suffixes = writable(state);
  if (state.format && suffixes.includes(state.format)) return state.format;
  return naturalSuffix(item.file.name, item.facts, suffixes);
}

export async function saveOne(state: State, desk: Desk, item: Item): Promise<void> {
  const asked = { ...state }; // as of now, whatever is chosen while the file is made
  save(await fileOf(asked, desk, item), nameOf(asked, item));
}

export async function saveAll(state: State, desk: Desk): Promise<void> {
  const asked = { ...state };
  const done = asked.items.filter((item) => item.phase === "done");
  const names = distinct(done.map((item) => nameOf(asked, item)));
  async function* files(): AsyncGenerator<{ name: string; input: Blob }> {
    for (const [index, item] of done.entries()) {
      yield { name: names[index], input: await fileOf(asked, desk, item) };
    }
  }
  save(await downloadZip(files()).blob(), "derained.zip");
}

const nameOf = (state: State, item: Item): string =>
  resultName(item.file.name, suffixFor(state, item));

async function fileOf(state: State, desk: Desk, item: Item): Promise<Blob> {
  const format = suffixFor(state, item);
  const { model, quality } = state;
  const { strength, result, facts } = item;
  if (format === "png" && strength === 1 && result) return result;
  if (state.engine === "server") {
    const wish = { model, strength, format, ...(hasQuality(format) && { quality }) };
    const { picture, notes } = await derain(item.file, wish);
    item.notes = notes;
    return picture;
  }
  const sheet = await desk.sheet(item);
  try {
    return await encode(sheet, strength, format as Suffix, quality, facts);
  } finally {
    desk.tidy();
  }
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Not at once: the download begins after this task.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}
