"""``derain serve``: the page and the network behind HTTP."""

from __future__ import annotations

from pathlib import Path

from derain.cli.options import Whole
from derain.errors import BackendUnavailableError


def serve(
    *,
    host: str = "127.0.0.1",
    port: Whole = 8000,
    model: str = "base",
    backend: str = "auto",
    threads: Whole = 0,
    memory: Whole | None = None,
    max_megapixels: float = 50,
    max_megabytes: float = 64,
    queue: Whole = 16,
    deadline: float = 300,
    grace: float = 30,
    clip_queue: Whole = 8,
    max_clip_megabytes: float = 1024,
    clip_disk: Whole | None = None,
    clip_deadline: float = 14400,
    clip_folder: Path | None = None,
    keep_clips: float = 3600,
    token_file: Path | None = None,
) -> int:
    """Serve the page, POST /v1/derain and POST /v1/clips, for this machine or for a network.

    Parameters
    ----------
    host
        Address to listen on; 0.0.0.0 for all of this machine's.
    port
        Port to listen on; 0 for any that is free.
    model
        The default of requests: base (best), fast, or the NAME.json that derain export wrote.
    backend
        auto, onnxruntime, openvino or torch.
    threads
        Threads of the processor, 0 for all.
    memory
        Megabytes the whole process may take, at least 512; by default three quarters of what is
        free, at most 6144, or 8192 where clips are taken.
    max_megapixels
        Refuse larger pictures.
    max_megabytes
        Refuse larger files.
    queue
        Pictures that wait or are worked on at once; others are told to come again.
    deadline
        Seconds a picture may take, waiting included.
    grace
        Seconds that work under way may take after Ctrl-C or SIGTERM; a second one ends at once.
    clip_queue
        Clips that come, wait or are worked on at once (with the extra video); 0 takes none.
    max_clip_megabytes
        Refuse larger files of clips.
    clip_disk
        Megabytes that clips and their results may take; by default half of what is free, at most
        10240.
    clip_deadline
        Seconds that the work on a clip may take.
    clip_folder
        Where clips and results lie; by default the system's folder of temporary files.
    keep_clips
        Seconds that the result of a clip stays, counted from its end.
    token_file
        File with the token that clients must show; or set DERAIN_TOKEN.
    """
    try:
        from derain.serve.server import run
        from derain.serve.settings import Settings, read_token
    except ImportError as error:
        raise BackendUnavailableError(
            f"{error.name} is not installed: pip install 'derain[serve]'"
        ) from None
    settings = Settings(
        model=model,
        backend=backend,
        threads=threads,
        memory=memory,
        max_megapixels=max_megapixels,
        max_megabytes=max_megabytes,
        queue=queue,
        deadline=deadline,
        grace=grace,
        clip_queue=clip_queue,
        max_clip_megabytes=max_clip_megabytes,
        clip_disk=clip_disk,
        clip_deadline=clip_deadline,
        clip_folder=clip_folder,
        keep_clips=keep_clips,
        token=read_token(token_file),
    )
    return run(settings, host, port)
