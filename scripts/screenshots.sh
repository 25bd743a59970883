#!/usr/bin/env bash
# Pictures of a preview gallery for the docs: docs/images/gallery.png, gallery-dark.png and gallery-phone.png.
# Usage: scripts/screenshots.sh GALLERY    (the folder with index.html, or that file)
set -euo pipefail

usage="Usage: scripts/screenshots.sh GALLERY   (the folder with index.html that nurture preview wrote, or that file)"
images="$(dirname "$0")/../docs/images"

die() {
    printf '%s\n' "$@" >&2
    exit 2
}

find_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" && return
    done
    die "There is no Chromium to take pictures with. Install it:" "  sudo apt-get install chromium fonts-noto-cjk"
}

# shoot FILE WIDTH,HEIGHT PIXELS-PER-POINT COLOUR-SCHEME [QUERY]; a scheme is 0, dark, or 1, light
shoot() {
    local picture="$images/$1" taken="$scratch/$1"
    local flags=(--headless=new --disable-gpu --hide-scrollbars --no-first-run "--user-data-dir=$scratch/profile")
    if [ "$(id -u)" -eq 0 ]; then flags+=(--no-sandbox); fi
    timeout 60 "$browser" "${flags[@]}" --virtual-time-budget=5000 --window-size="$2" --force-device-scale-factor="$3" \
        --blink-settings="preferredColorScheme=$4" --screenshot="$taken" "$address${5:-}" >"$scratch/log" 2>&1 || true
    if [ ! -s "$taken" ]; then die "Chromium took no picture for $1. It said:" "$(tail -n 5 "$scratch/log")"; fi
    mv "$taken" "$picture"
    echo "docs/images/$1"
}

if [ $# -ne 1 ]; then die "$usage"; fi
page="$1"
if [ -d "$page" ]; then page="$page/index.html"; fi
if [ ! -f "$page" ]; then die "$page does not exist." "$usage"; fi

browser="$(find_browser)"
if command -v fc-list >/dev/null && [ -z "$(fc-list :lang=zh)" ]; then
    die "No font on this machine has Chinese characters: install one, for example  sudo apt-get install fonts-noto-cjk"
fi
address="$(python3 -c 'import pathlib, sys; print(pathlib.Path(sys.argv[1]).resolve().as_uri())' "$page")"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$images"

shoot gallery.png 1440,900 1 1
shoot gallery-phone.png 390,844 2 1
if grep -rqE --include='*.html' --include='*.css' 'prefers-color-scheme|[?]dark' "$(dirname "$page")"; then
    shoot gallery-dark.png 1440,900 1 0 '?dark'
else
    echo "The gallery has no dark side: no gallery-dark.png."
fi
