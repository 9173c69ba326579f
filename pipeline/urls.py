"""Canonical URLs, hosts and article ids."""

from __future__ import annotations
