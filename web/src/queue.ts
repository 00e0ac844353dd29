/** Pictures restored one after the other, by the engine that is chosen. */

import type { Desk } from "./desk";
import type { LocalEngine } from "./engine/local";
import { costs, type Band } from "./engine/looks";
import { Course, Pace, previewScale } from "./engine/pace";
import type { Picture } from "./engine/pixels";
import { derain } from "./engine/server";
import { kept } from "./engine/storage";
import { pixelsOf, resized, type Sheet } from "./files/sheet";
import { toldOf } from "./problems";
import type { Item, Phase, Running, State } from "./state";

/** What an engine gives. */
type Made = Required<Pick<Item, "result">> & Partial<Pick<Item, "notes">>;

const TICK = 500; // milliseconds between two looks at the clock

export class Queue {
  private abort = new AbortController();
  private cancelled: Phase = "stopped";
  private working = false;
  private previewed = false;
  private readonly pace: Pace;

  /**
   * @param changed - Told after every change of the state.
   * @param painted - Told when a picture that is open has changed.
   */
  constructor(
    private readonly state: State,
    private readonly desk: Desk,
    private readonly engine: LocalEngine,
    private readonly changed: () => void,
    private readonly painted: (item: Item) => void,
  ) {
    const { sha256 } = engine.model;
    this.pace = new Pace(`derain.pace.${sha256.slice(0, 8)}.${engine.threads}`, kept);
  }

  /** Works until nothing waits; the picture that is looked at comes first. */
  async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let item = this.next(); item; item = this.next()) await this.process(item);
    this.working = false;
  }

  /** Ends the picture in work, for good or to be done again. */
  cancel(then: "stopped" | "waiting" = "stopped"): void {
    this.cancelled = then;
    this.abort.abort();
  }

  private next(): Item | undefined {
    const { items, selected } = this.state;
    const waiting = items.filter((item) => item.phase === "waiting");
    return waiting.find((item) => item === selected) ?? waiting[0];
  }

  private async process(item: Item): Promise<void> {
    this.abort = new AbortController();
    const { signal } = this.abort;
    item.phase = "running";
    this.previewed = false;
    delete item.problem;
    delete item.result;
    this.tell({ item, stage: "starting" });
    const began = performance.now();
    try {
      const sheet = await this.desk.sheet(item);
      sheet.restart();
      this.painted(item);
      const byServer = this.state.engine === "server";
      const made = await (byServer
        ? this.onServer(item, sheet, signal)
        : this.inBrowser(item, sheet, signal));
      signal.throwIfAborted(); // by a change of engine or model while the result was encoded
      Object.assign(item, made);
      item.seconds = (performance.now() - began) / 1000;
      item.phase = "done";
      this.state.announcement = (words) => words.done(item.file.name);
    } catch (error) {
      item.phase = signal.aborted ? this.cancelled : "failed";
      if (!signal.aborted) item.problem = toldOf(error, this.state);
      const { phase, problem } = item;
      this.state.announcement = phase === "stopped" ? (words) => words.stopped : problem;
    }
    this.state.running = undefined;
    this.desk.tidy();
    this.painted(item);
    this.changed();
  }

  private async onServer(item: Item, sheet: Sheet, signal: AbortSignal): Promise<Made> {
    this.tell({ item, stage: "server" });
    const wish = { model: this.state.model, strength: 1, format: "png" };
    const { picture, notes } = await derain(item.file, wish, signal);
    await sheet.fill(picture);
    return { result: picture, notes };
  }

  private async inBrowser(item: Item, sheet: Sheet, signal: AbortSignal): Promise<Made> {
    const { grey } = item.facts;
    const scale = previewScale(sheet.width, sheet.height);
    if (scale) {
      const small = await resized(sheet.rainy, scale);
      const canvas = new OffscreenCanvas(small.width, small.height);
      const context = canvas.getContext("2d");
      await this.restore(
        "preview",
        item,
        () => pixelsOf(small, grey),
        small,
        signal,
        (band) => {
          context?.putImageData(new ImageData(band.pixels, small.width), 0, band.top);
        },
      );
      small.close();
      sheet.preview = canvas.transferToImageBitmap();
      this.previewed = true;
      this.painted(item);
    }
    await this.restore(
      "whole",
      item,
      () => pixelsOf(sheet.rainy, grey),
      sheet,
      signal,
      (band) => {
        sheet.paint(band);
        this.painted(item);
      },
    );
    await sheet.finish();
    return { result: await sheet.clean.convertToBlob({ type: "image/png" }) };
  }

  private async restore(
    stage: "preview" | "whole",
    item: Item,
    read: () => Picture,
    { width, height }: { readonly width: number; readonly height: number },
    signal: AbortSignal,
    band: (band: Band) => void,
  ): Promise<void> {
    const now = (): number => performance.now() / 1000;
    const begun = (): Course => {
      const { model, budget } = this.engine;
      return new Course(costs(height, width, model, budget), this.pace, now());
    };
    let course = begun();
    const tell = (): void => {
      this.tell({ item, stage, ...course.at(now()) });
    };
    tell();
    const clock = setInterval(tell, TICK);
    const step = (done: Parameters<Course["advance"]>[0]): void => {
      course.advance(done, now());
      tell();
    };
    const restart = (): void => {
      course = begun();
      tell();
    };
    try {
      await this.engine.restore(read, { step, band, restart }, signal);
    } finally {
      clearInterval(clock);
    }
  }

  private tell(running: Partial<Running> & Pick<Running, "item" | "stage">): void {
    const unknown = { tile: 0, tiles: 0, fraction: undefined, secondsLeft: undefined };
    this.state.running = { ...unknown, previewed: this.previewed, ...running };
    this.changed();
  }
}
