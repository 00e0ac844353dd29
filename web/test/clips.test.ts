import { afterEach, describe, expect, it, vi } from "vitest";
import { Clips, isClip } from "../src/clips";
import { wordsOf } from "../src/i18n";
import type { Clip, State } from "../src/state";

it.each([
  ["a.MP4", "", true],
  ["a.m2ts", "", true],
  ["a.ts", "video/mp2t", true],
  ["a", "video/webm", true],
  ["a.gif", "image/gif", false],
  ["mp4.jpg", "image/jpeg", false],
  ["a.mp4.txt", "", false],
])("%s of type %j: %s", (name, type, clip) => {
  expect(isClip({ name, type })).toBe(clip);
});

describe("a clip that is followed", () => {
  const job = { frames_done: 3, frames: 9, seconds_left: 4, problem: null, notes: [] };
  const answer = (body: object, status = 200): Response =>
    new Response(JSON.stringify(body), {
      status,
      headers: { "Content-Type": "application/json" },
    });

  /** Recalls a clip whose questions get these answers, one after the other. */
  async function follow(...answers: (Response | Error)[]): Promise<State> {
    vi.useFakeTimers();
    vi.stubGlobal("location", { pathname: "/" });
    vi.stubGlobal("sessionStorage", {
      getItem: () => JSON.stringify([{ job: "7", name: "a.mp4" }]),
      setItem: () => undefined,
    });
    const asked = vi.fn();
    for (const each of answers) {
      if (each instanceof Error) asked.mockRejectedValueOnce(each);
      else asked.mockResolvedValueOnce(each);
    }
    vi.stubGlobal("fetch", asked);
    const state = { clips: [] as Clip[] } as State;
    new Clips(state, () => undefined).recall();
    // The second question is a second after the first, each other one five after an error.
    await vi.advanceTimersByTimeAsync(1500 + 5000 * Math.max(0, answers.length - 2));
    return state;
  }

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("outlives a network that was away, and a proxy whose server was", async () => {
    const { clips } = await follow(
      answer({ ...job, status: "working" }),
      new TypeError("Failed to fetch"),
      new Response("Bad Gateway", { status: 502 }),
      answer({ ...job, status: "done" }),
    );
    expect(clips[0]).toMatchObject({ phase: "done", result: "v1/clips/7/result" });
    expect(clips[0]).not.toHaveProperty("problem");
  });

  it("says so meanwhile, and stays what it was", async () => {
    const { clips } = await follow(
      answer({ ...job, status: "working" }),
      new TypeError("NetworkError when attempting to fetch resource."),
    );
    expect(clips[0]).toMatchObject({ phase: "working", fraction: 1 / 3 });
    expect(clips[0]?.problem?.(wordsOf("en"))).toBe(wordsOf("en").unreachable);
  });

  const read = ({ announcement }: State): string | undefined => announcement?.(wordsOf("en"));

  it.each([
    [{ status: "done" }, "a.mp4: done"],
    [{ status: "failed", problem: "the clip is damaged" }, "a.mp4: Failed · the clip is damaged"],
    [{ status: "cancelled" }, "a.mp4: Stopped"],
  ])("is read out at its end: %j", async (told, said) => {
    expect(read(await follow(answer({ ...job, ...told })))).toBe(said);
  });

  it("is read out where the server has lost it, or the visitor ends it", async () => {
    const lost = await follow(answer({ error: "no such clip" }, 404));
    expect(read(lost)).toBe("a.mp4: Failed · no such clip");
    const working = (): Response => answer({ ...job, status: "working" });
    const state = await follow(working(), working());
    expect(read(state)).toBeUndefined();
    new Clips(state, () => undefined).remove(state.clips[0]);
    expect(read(state)).toBe("a.mp4: Stopped");
  });

  it("has failed where the server does not know it any more", async () => {
    const { clips } = await follow(answer({ error: "no such clip" }, 404));
    expect(clips[0]).toMatchObject({ phase: "failed" });
    expect(clips[0]?.problem?.(wordsOf("en"))).toBe("no such clip");
  });
});
