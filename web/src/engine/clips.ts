/** The server's jobs of clips; addresses are relative, since the page may lie below any path. */

import { Locked, refusal, Refused } from "./server";

export interface Job {
  readonly id: string;
  readonly status: "waiting" | "working" | "done" | "failed" | "cancelled";
  readonly frames_done: number;
  readonly frames: number | null;
  readonly seconds_left: number | null;
  readonly problem: string | null;
  readonly notes: readonly string[];
}

/**
 * Sends a clip; its job's id.
 *
 * @param sent - Told how much of it is sent, 0..1; fetch tells nobody.
 * @throws Refused, or TypeError where the server cannot be reached.
 */
export function sendClip(
  file: File,
  model: string,
  signal: AbortSignal,
  sent: (fraction: number) => void,
): Promise<string> {
  const form = new FormData(); // which tells the server the file's name
  form.set("clip", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `v1/clips?${new URLSearchParams({ model })}`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      sent(total ? loaded / total : 0);
    };
    request.onload = () => {
      const answer = request.response as { id?: string; error?: string } | null;
      if (request.status === 202 && answer?.id) resolve(answer.id);
      else if (request.status === 401) reject(new Locked());
      else reject(new Refused(answer?.error ?? `${request.status} ${request.statusText}`));
    };
    request.onerror = () => {
      reject(new TypeError("Failed to fetch"));
    };
    request.onabort = () => {
      reject(new DOMException("", "AbortError"));
    };
    signal.addEventListener("abort", () => {
      request.abort();
    });
    request.send(form);
  });
}

/** @throws Refused, Away among it, or TypeError where the server cannot be reached. */
export async function askClip(id: string): Promise<Job> {
  const answer = await fetch(`v1/clips/${id}`);
  if (!answer.ok) throw await refusal(answer);
  return (await answer.json()) as Job;
}

export async function removeClip(id: string): Promise<void> {
  await fetch(`v1/clips/${id}`, { method: "DELETE" });
}

export const resultOf = (id: string): string => `v1/clips/${id}/result`;
