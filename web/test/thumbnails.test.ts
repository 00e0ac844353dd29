import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Desk } from "../src/desk";
import type { Item, State } from "../src/state";
import { Thumbnails } from "../src/thumbnails";

const item = (): Item => ({ id: 1 }) as Item;
const file = new File([], "a.png");
let made: string[] = [];
let revoked: string[] = [];
let opened = vi.fn();

beforeEach(() => {
  made = [];
  revoked = [];
  opened = vi.fn(() => Promise.resolve({ width: 9, height: 9 }));
  vi.stubGlobal("createImageBitmap", opened);
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      getContext = (): null => null;
      convertToBlob = (): Promise<Blob> => Promise.resolve(new Blob());
    },
  );
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    made.push(`blob:${made.length}`);
    return `blob:${made.length - 1}`;
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((address) => revoked.push(address));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function thumbnailsOf(...items: Item[]): [Thumbnails, State] {
  const state = { items } as unknown as State;
  const desk = { sheet: () => Promise.resolve({ rainy: "open" }) } as unknown as Desk;
  return [new Thumbnails(state, desk, () => undefined), state];
}

it("draws a picture once, however often it is asked to", async () => {
  const one = item();
  const [thumbnails] = thumbnailsOf(one);
  await Promise.all([thumbnails.draw(one, file), thumbnails.draw(one), thumbnails.draw(one)]);
  await thumbnails.draw(one);
  expect(opened).toHaveBeenCalledTimes(1);
  expect(made).toEqual([one.thumbnail]);
  thumbnails.remove(one);
  expect(revoked).toEqual(made);
});

it("draws what is open where the browser cannot read the file", async () => {
  const one = item();
  const [thumbnails] = thumbnailsOf(one);
  opened.mockRejectedValueOnce(new DOMException("", "InvalidStateError"));
  await thumbnails.draw(one, file);
  expect(one).not.toHaveProperty("thumbnail");
  await thumbnails.draw(one);
  expect(opened).toHaveBeenLastCalledWith("open", expect.anything());
  expect(made).toEqual([one.thumbnail]);
});

it("makes no address for a picture that is removed, before or meanwhile", async () => {
  const one = item();
  const [thumbnails, state] = thumbnailsOf(one);
  const drawn = thumbnails.draw(one, file);
  state.items.pop();
  await drawn;
  await thumbnails.draw(one, file);
  expect(opened).toHaveBeenCalledTimes(1);
  expect(made).toEqual([]);
});
