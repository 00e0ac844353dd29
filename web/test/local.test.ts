import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LocalEngine, Listener } from "../src/engine/local";
import type { FromWorker, ToWorker } from "../src/engine/messages";
import type { Picture } from "../src/engine/pixels";

const MODEL = {
  ...{ name: "fast", url: "fast.onnx", sha256: "0123456789", cost: 1 },
  ...{ sizeMultiple: 48, halo: 192, bytesPerPixel: 100 },
};
const nothing = (): undefined => undefined;
const listener: Listener = { step: nothing, band: nothing, restart: nothing };
const read = (): Picture => ({
  ...{ pixels: new Uint8ClampedArray(4), width: 1, height: 1, grey: false },
});

/** A worker of which the tests decide what becomes of it. */
class FakeWorker {
  static made: FakeWorker[] = [];
  onerror?: (event: { message: string }) => void;
  onmessage?: (event: { data: FromWorker }) => void;
  readonly told: ToWorker["kind"][] = [];

  constructor() {
    FakeWorker.made.push(this);
  }

  postMessage({ kind }: ToWorker): void {
    this.told.push(kind);
  }

  terminate(): void {
    this.told.length = 0;
  }
}

const last = (): FakeWorker => FakeWorker.made[FakeWorker.made.length - 1];
const fail = (worker: FakeWorker): void => worker.onerror?.({ message: "did not load" });

async function engineOf(): Promise<LocalEngine> {
  const { LocalEngine } = await import("../src/engine/local");
  return new LocalEngine(MODEL);
}

beforeEach(() => {
  FakeWorker.made = [];
  vi.stubGlobal("navigator", { hardwareConcurrency: 2 });
  vi.stubGlobal("crossOriginIsolated", false);
  vi.stubGlobal("document", { baseURI: "https://a.example/" });
  vi.stubGlobal("Worker", FakeWorker);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a worker that does not load", () => {
  it("is told where a picture waits for it", async () => {
    const engine = await engineOf();
    const restored = engine.restore(read, listener, new AbortController().signal);
    fail(last());
    await expect(restored).rejects.toThrow("did not load");
  });

  it("before there is a picture is made anew for it", async () => {
    const engine = await engineOf();
    engine.warm();
    fail(last());
    const restored = engine.restore(read, listener, new AbortController().signal);
    expect(FakeWorker.made).toHaveLength(2);
    last().onmessage?.({ data: { kind: "done" } });
    await restored;
  });

  it("the second time is told, too", async () => {
    const engine = await engineOf();
    engine.warm();
    fail(last());
    const restored = engine.restore(read, listener, new AbortController().signal);
    fail(last());
    await expect(restored).rejects.toThrow("did not load");
  });
});

it("tells that a picture begins anew where memory was short, in smaller tiles", async () => {
  const engine = await engineOf();
  const { budget } = engine;
  const restart = vi.fn();
  const restored = engine.restore(read, { ...listener, restart }, new AbortController().signal);
  last().onmessage?.({ data: { kind: "failed", message: "no memory", memory: true } });
  await vi.waitFor(() => {
    expect(FakeWorker.made).toHaveLength(2);
  });
  expect(engine.budget).toBe(budget / 2);
  expect(restart).toHaveBeenCalledTimes(1);
  last().onmessage?.({ data: { kind: "done" } });
  await restored;
  expect(restart).toHaveBeenCalledTimes(1);
});
