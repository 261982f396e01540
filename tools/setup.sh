# shellcheck shell=bash
# Finds what this machine lacks, says why it is needed, installs it. Sourced by ./dev.

# axe-core checks the pages for accessibility, in tests only. Pinned by version and by digest.
AXE_VERSION=4.14.1
AXE_SHA256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

missing_packages=()

# need PACKAGE WHY TEST...: notes the Debian package as missing if TEST fails.
need() {
  local package=$1 why=$2
  shift 2
  if ! "$@" >/dev/null 2>&1; then
    missing_packages+=("$package")
    printf 'missing: %-16s %s\n' "$package" "$why"
  fi
}

# as_root COMMAND...: runs it as root, through sudo if need be; 2 = there is no way to.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    return 2
  fi
}

# Installs what need() has noted.
install_missing() {
  if [[ ${#missing_packages[@]} -eq 0 ]]; then
    return
  fi
  local line="apt-get install --yes --no-install-recommends ${missing_packages[*]}"
  if ! command -v apt-get >/dev/null; then
    die "this is no Debian machine. Install what corresponds to: ${missing_packages[*]}"
  fi
  if [[ $EUID -ne 0 ]] && ! command -v sudo >/dev/null; then
    die "not root, and no sudo here. Let an administrator run:  apt-get update && $line"
  fi
  echo "installing: ${missing_packages[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update \
    || echo 'apt-get update failed; going on with the package list that is here' >&2
  # shellcheck disable=SC2086 # package names hold no spaces
  as_root env DEBIAN_FRONTEND=noninteractive $line >&2 \
    || die "could not install. Try by hand:  sudo $line"
  missing_packages=()
}

check_rust() {
  command -v cargo >/dev/null \
    || die 'Rust is missing. Install the version named in Cargo.toml (rust-version), then run this again.'
  local wanted have
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  have=$(rustc --version | cut -d' ' -f2)
  if [[ $(printf '%s\n%s\n' "$wanted" "$have" | sort --version-sort | head -n 1) != "$wanted" ]]; then
    die "Rust $wanted or newer is needed, this is $have."
  fi
}

# What a build needs: Rust, and a C compiler for the crates that carry C (SQLite, zstd, TLS).
setup_build() {
  check_rust
  need gcc 'C compiler: the bundled SQLite, zstd and TLS code' command -v cc
  need libc6-dev 'C headers for the same' test -e /usr/include/stdio.h
  install_missing
}

# What the tests need on top.
setup_test() {
  need chromium 'browser for the end-to-end tests' chromium_path
  need chromium-driver 'drives that browser' chromedriver_path
  need fonts-noto-cjk 'Chinese letters in that browser' has_cjk_font
  need openssl 'checks our signatures with a second implementation' command -v openssl
  need "$(postgres_package)" 'second database of the store tests' postgres_bin
  if [[ ! -f $(axe_path) ]]; then
    need npm 'fetches axe-core, the accessibility check of the end-to-end tests' command -v npm
  fi
  need_sandbox
  install_missing
  fetch_axe
  build_runtime
}

# What jobs run in: bubblewrap, and a Python that copies itself into the runtime.
need_sandbox() {
  need bubblewrap 'isolates Python jobs; without it they are refused' command -v bwrap
  need python3 'interpreter of those jobs' system_python
  need python3-pip 'fetches numpy, pandas, pyarrow and scikit-learn for them' has_pip
}

# The machine's own interpreter where there is one: it stands in the folders that its libraries expect.
system_python() {
  if [[ -x /usr/bin/python3 ]]; then
    echo /usr/bin/python3
  else
    command -v python3
  fi
}

has_pip() {
  "$(system_python)" -m pip --version
}

# Where jobs find their interpreter and packages; SHUYU_RUNTIME names another folder.
runtime_path() {
  echo "${SHUYU_RUNTIME:-$(cache_folder)/runtime}"
}

# Built once per version of tools/runtime; afterwards this is a comparison of digests.
build_runtime() {
  mkdir -p "$(dirname "$(runtime_path)")"
  "$(system_python)" tools/runtime/build.py "$(runtime_path)" \
    || die 'could not build the runtime of the sandbox (tools/runtime); see above'
}

chromium_path() {
  command -v chromium || command -v chromium-browser || command -v google-chrome
}

chromedriver_path() {
  local at
  for at in "$(command -v chromedriver || true)" /usr/lib/chromium/chromedriver; do
    if [[ -x $at ]]; then
      echo "$at"
      return
    fi
  done
  return 1
}

# A Noto, Source Han or WenQuanYi file counts; fontconfig itself need not be here.
has_cjk_font() {
  find /usr/share/fonts "${HOME:-/nonexistent}/.local/share/fonts" \
    \( -iname '*CJK*' -o -iname '*SourceHan*' -o -iname 'wqy*' \) 2>/dev/null | grep -q .
}

cache_folder() {
  if [[ -n ${XDG_CACHE_HOME:-} ]]; then
    echo "$XDG_CACHE_HOME/shuyu"
  elif [[ -n ${HOME:-} ]]; then
    echo "$HOME/.cache/shuyu"
  else
    echo "$PWD/.cache"
  fi
}

axe_path() {
  echo "$(cache_folder)/axe-core-$AXE_VERSION/node_modules/axe-core/axe.min.js"
}

axe_is_right() {
  echo "$AXE_SHA256  $(axe_path)" | sha256sum --check --status 2>/dev/null
}

fetch_axe() {
  if axe_is_right; then
    return
  fi
  local folder
  folder=$(cache_folder)/axe-core-$AXE_VERSION
  echo "fetching axe-core $AXE_VERSION into $folder (accessibility check of the end-to-end tests)"
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error \
    "axe-core@$AXE_VERSION" >/dev/null || die "npm could not fetch axe-core@$AXE_VERSION"
  axe_is_right || die "$(axe_path) is not the file this project knows (SHA-256 differs)"
}
