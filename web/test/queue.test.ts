import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Desk } from "../src/desk";
import type { Listener, LocalEngine } from "../src/engine/local";
import { Queue } from "../src/queue";
import type { Item, State } from "../src/state";

beforeEach(() => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("counts the tiles of a picture anew where it begins anew", async () => {
  const item = { id: 1, phase: "waiting", facts: {}, file: { name: "a.png" } } as unknown as Item;
  const state = { items: [item], engine: "browser" } as unknown as State;
  const clean = { convertToBlob: () => Promise.resolve(new Blob()) };
  const nothing = (): undefined => undefined;
  const sheet = { width: 500, height: 500, clean, restart: nothing, finish: nothing };
  const desk = { sheet: () => Promise.resolve(sheet), tidy: nothing } as unknown as Desk;
  const seen: (readonly [number, number])[] = [];
  const engine = {
    model: { sha256: "0123456789", sizeMultiple: 48, halo: 48, bytesPerPixel: 1 },
    budget: 1e6,
    threads: 1,
    restore(_: unknown, listener: Listener): Promise<void> {
      const see = (): void => {
        if (state.running) seen.push([state.running.tile, state.running.tiles]);
      };
      listener.step({ pixels: 1, seconds: 1 });
      see();
      engine.budget = 1e5;
      listener.restart();
      see();
      listener.step({ pixels: 1, seconds: 1 });
      see();
      return Promise.resolve();
    },
  } as unknown as LocalEngine;
  await new Queue(state, desk, engine, nothing, nothing).work();
  expect(item.phase).toBe("done");
  const [before, restarted, after] = seen;
  expect(before).toEqual([1, 1]);
  expect(restarted[0]).toBe(1);
  expect(restarted[1]).toBeGreaterThan(4);
  expect(after).toEqual([2, restarted[1]]);
});
