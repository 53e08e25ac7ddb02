#!/bin/sh
# Makes ./configure and what it needs. Run once after a checkout.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install
