"""Metrics under named protocols."""

from derain.evaluation.metrics import PROTOCOLS, luma, psnr, ssim

__all__ = ["PROTOCOLS", "luma", "psnr", "ssim"]
