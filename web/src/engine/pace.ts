/** How long it takes: the measured pace, and the course of one picture by it. */

import type { Step } from "./walk";

const INERTIA = 0.6; // of the pace so far, against the newest tile's

/** Pixels that the network computes in a second, remembered from visit to visit. */
export class Pace {
  constructor(
    private readonly key: string,
    private readonly storage: Pick<Storage, "getItem" | "setItem">,
  ) {}

  get perSecond(): number | undefined {
    const kept = Number(this.storage.getItem(this.key));
    return kept > 0 ? kept : undefined;
  }

  learn({ pixels, seconds }: Step): void {
    const now = pixels / Math.max(seconds, 1e-3);
    const before = this.perSecond ?? now;
    this.storage.setItem(this.key, String(INERTIA * before + (1 - INERTIA) * now));
  }
}

export interface Progress {
  /** The tile in work, from 1 on, of so many. */
  readonly tile: number;
  readonly tiles: number;
  /** 0..1, a guess within a tile. */
  readonly fraction: number;
  /** Undefined until something was measured. */
  readonly secondsLeft: number | undefined;
}

/** One picture on its way through the network. */
export class Course {
  private done = 0;

  /**
   * @param costs - Pixels that the network computes for each tile.
   * @param since - When the first tile began, in seconds.
   */
  constructor(
    private readonly costs: readonly number[],
    private readonly pace: Pace,
    private since: number,
  ) {}

  /** A tile is done. */
  advance(step: Step, now: number): void {
    this.pace.learn(step);
    this.done += 1;
    this.since = now;
  }

  at(now: number): Progress {
    const all = sum(this.costs);
    const behind = sum(this.costs.slice(0, this.done));
    const current = this.costs[this.done] ?? 0;
    const pace = this.pace.perSecond;
    const guessed = Math.min((now - this.since) * (pace ?? 0), 0.95 * current);
    return {
      tile: Math.min(this.done + 1, this.costs.length),
      tiles: this.costs.length,
      fraction: (behind + guessed) / all,
      secondsLeft: pace && (all - behind - guessed) / pace,
    };
  }
}

const PREVIEW_ABOVE = 4e6; // pixels
const PREVIEW_AT_MOST = 1.5e6;

/** By how much a large picture shrinks for its preview: 1/2, 1/4 ...; undefined for others. */
export function previewScale(width: number, height: number): number | undefined {
  if (width * height <= PREVIEW_ABOVE) return undefined;
  let scale = 1 / 2;
  while (width * height * scale ** 2 > PREVIEW_AT_MOST) scale /= 2;
  return scale;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
