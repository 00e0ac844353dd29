import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Desk } from "../src/desk";
import { TooLarge } from "../src/files/sheet";
import type { Item, State } from "../src/state";

const close = vi.fn();
const picture = { width: 9, height: 9, close };
const decode = vi.fn(() => Promise.resolve(picture));
let holds = true;

/** A canvas that keeps what is drawn, or not; the size is that of the pictures. */
class Canvas {
  width = 9;
  height = 9;

  getContext(): object {
    const nothing = (): undefined => undefined;
    return {
      ...{ fillRect: nothing, clearRect: nothing, drawImage: nothing },
      getImageData: () => ({ data: [0, 0, 0, holds ? 255 : 0] }),
    };
  }
}

const itemOf = (given: Partial<Item>): Item =>
  ({ id: 1, phase: "waiting", file: new File([], "a.png"), ...given }) as Item;
const desk = (): Desk => new Desk({ engine: "browser" } as State);

beforeEach(() => {
  holds = true;
  vi.clearAllMocks();
  vi.stubGlobal("createImageBitmap", decode);
  vi.stubGlobal("OffscreenCanvas", Canvas);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("gives a picture's memory back that no canvas can hold", async () => {
  holds = false;
  await expect(desk().sheet(itemOf({}))).rejects.toBeInstanceOf(TooLarge);
  expect(close).toHaveBeenCalledTimes(1);
});

it("decodes such a picture again when it is begun again, not when it is looked at", async () => {
  holds = false;
  const [item, open] = [itemOf({}), desk()];
  await expect(open.sheet(item)).rejects.toBeInstanceOf(TooLarge);
  item.phase = "failed";
  await expect(open.sheet(item)).rejects.toBeInstanceOf(TooLarge);
  expect(decode).toHaveBeenCalledTimes(1);
  item.phase = "waiting";
  holds = true; // other tabs were closed
  await expect(open.sheet(item)).resolves.toMatchObject({ width: 9 });
});

it("gives it back where the result cannot be read", async () => {
  const undecoded = new DOMException("", "InvalidStateError");
  decode.mockResolvedValueOnce(picture).mockRejectedValueOnce(undecoded);
  await expect(desk().sheet(itemOf({ result: new Blob() }))).rejects.toBe(undecoded);
  expect(close).toHaveBeenCalledTimes(1);
});
