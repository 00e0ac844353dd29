/** Clips that the server derains: sent, asked for, fetched by a link; the browser cannot do them. */

import { askClip, type Job, removeClip, resultOf, sendClip } from "./engine/clips";
import { remember, remembered } from "./engine/remembered";
import { Away, Locked } from "./engine/server";
import { isOfTheNetwork, toldOf } from "./problems";
import type { Clip, Say, State } from "./state";

const EVERY = 1000; // milliseconds between two questions
const AGAIN = 5000; // and after one that nobody answered
const ENDING = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|m?ts|m2ts|wmv|flv|3gp|ogv|vob)$/i;

/** Whether a file is a clip, by its name or by what the system says of it. */
export const isClip = ({ name, type }: { name: string; type: string }): boolean =>
  type.startsWith("video/") || ENDING.test(name);

export const hasEnded = ({ phase }: Clip): boolean =>
  phase === "done" || phase === "failed" || phase === "cancelled";

/** What became of a clip, to be read out. */
const endOf =
  ({ name, phase, problem, told }: Clip): Say =>
  (words) => {
    if (phase === "done") return words.done(name);
    const why = problem?.(words) ?? told;
    return `${name}: ${words.clipPhases[phase]}${why ? ` · ${why}` : ""}`;
  };

export class Clips {
  private nextId = 1;
  private readonly aborts = new Map<Clip, AbortController>();

  /** @param changed - Told after every change of the state. */
  constructor(
    private readonly state: State,
    private readonly changed: () => void,
  ) {}

  add(file: File): void {
    const clip: Clip = { id: this.nextId++, name: file.name, phase: "sending" };
    this.state.clips.push(clip);
    void this.follow(clip, (signal) => this.send(clip, file, signal));
  }

  /** Takes up again what this tab had sent before it was loaded anew. */
  recall(): void {
    const known = this.state.clips.map(({ job }) => job);
    for (const { job, name } of remembered().filter((clip) => !known.includes(clip.job))) {
      const clip: Clip = { id: this.nextId++, name, phase: "waiting", job };
      this.state.clips.push(clip);
      void this.follow(clip, () => Promise.resolve(job));
    }
  }

  /** Ends the work, and takes the clip from the list and from the server. */
  remove(clip: Clip): void {
    if (!hasEnded(clip)) this.state.announcement = endOf({ ...clip, phase: "cancelled" });
    this.state.clips = this.state.clips.filter((other) => other !== clip);
    this.aborts.get(clip)?.abort();
    if (clip.job) void removeClip(clip.job).catch(() => undefined); // it expires by itself
    this.keep();
    this.changed();
  }

  /** For a reload. */
  private keep(): void {
    remember(this.state.clips.flatMap(({ job, name }) => (job === undefined ? [] : { job, name })));
  }

  private async send(clip: Clip, file: File, signal: AbortSignal): Promise<string> {
    clip.job = await sendClip(file, this.state.model, signal, (fraction) => {
      clip.fraction = fraction;
      this.changed();
    });
    this.keep();
    return clip.job;
  }

  /** @param start - Gives the job once there is one. */
  private async follow(clip: Clip, start: (signal: AbortSignal) => Promise<string>): Promise<void> {
    const abort = new AbortController();
    this.aborts.set(clip, abort);
    const { signal } = abort;
    try {
      const job = await start(signal);
      while (!signal.aborted) {
        const told = await this.ask(clip, job, signal);
        clip.phase = told.status;
        clip.fraction = told.frames ? told.frames_done / told.frames : undefined;
        clip.secondsLeft = told.seconds_left ?? undefined;
        clip.told = [told.problem, ...told.notes].filter(Boolean).join(" ");
        if (told.status === "done") clip.result = resultOf(job);
        if (told.status !== "waiting" && told.status !== "working") break;
        this.changed();
        await pause(EVERY);
      }
    } catch (error) {
      if (!signal.aborted) {
        Object.assign(clip, { phase: "failed", problem: toldOf(error, this.state) });
      }
    }
    this.aborts.delete(clip);
    if (!signal.aborted) this.state.announcement = endOf(clip);
    if (signal.aborted && clip.job) void removeClip(clip.job).catch(() => undefined);
    this.changed();
  }

  /** How a clip stands; asked until there is an answer, since the work goes on meanwhile. */
  private async ask(clip: Clip, job: string, signal: AbortSignal): Promise<Job> {
    for (;;) {
      try {
        const told = await askClip(job);
        delete clip.problem;
        return told;
      } catch (error) {
        const passes = error instanceof Away || error instanceof Locked || isOfTheNetwork(error);
        if (signal.aborted || !passes) throw error;
        clip.problem = toldOf(error, this.state);
      }
      this.changed();
      await pause(AGAIN);
      signal.throwIfAborted();
    }
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
