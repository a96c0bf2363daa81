#!/bin/sh
# Builds mlgit from this checkout and links it where the system finds programs, manuals and completions. Run it again to update.
set -eu

usage() {
  cat <<'TEXT'
usage: ./install.sh [--prefix DIR] [--no-config] [--ml-git-alias] [--demo]
       ./install.sh --uninstall [--prefix DIR]

  --prefix DIR   link into DIR/bin and DIR/share (default: /usr/local for root, else ~/.local)
  --no-config    leave git's configuration alone (git mlgit install --global does it later)
  --ml-git-alias also link ml-git, for hands and scripts that know that tool; kept by later runs
  --demo         afterwards show a data set going round: add, commit, push, clone, verify, edit, push
  --uninstall    remove the links, and mlgit from git's configuration
  -h, --help     print this
TEXT
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'install.sh: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
  exit 1
}

# The checkout, also when this script is called through links.
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd -P)

prefix= config=yes alias=no demo=no action=install
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ $# -gt 1 ] || fail "--prefix needs a folder"
      prefix=$2
      shift
      ;;
    --prefix=*) prefix=${1#*=} ;;
    --no-config) config=no ;;
    --ml-git-alias) alias=yes ;;
    --demo) demo=yes ;;
    --uninstall) action=uninstall ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "unknown option $1" "./install.sh --help lists the options" ;;
  esac
  shift
done
if [ -z "$prefix" ]; then
  if [ "$(id -u)" = 0 ]; then prefix=/usr/local; else prefix=$HOME/.local; fi
fi
case $prefix in
  /*) ;;
  *) prefix=$PWD/$prefix ;;
esac

# at_least HAVE MAJOR MINOR
at_least() {
  major=${1%%.*} rest=${1#*.}
  minor=${rest%%[!0-9]*}
  [ "$major" -gt "$2" ] || { [ "$major" -eq "$2" ] && [ "${minor:-0}" -ge "$3" ]; }
}

check_tools() {
  command -v git >/dev/null || fail "git is not installed" "apt-get install git"
  version=$(git --version | sed 's/^git version //')
  at_least "$version" 2 39 || fail "git $version is too old: 2.39 or newer is needed" "update git"
  command -v node >/dev/null || fail "Node.js is not installed" "install Node.js 20.15 or newer with npm"
  version=$(node --version | sed 's/^v//')
  at_least "$version" 20 15 || fail "Node.js $version is too old: 20.15 or newer is needed" "update Node.js"
  command -v npm >/dev/null || fail "npm is not installed" "it comes with Node.js, or: apt-get install npm"
}

build() {
  cd "$root"
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    # npm would empty the folder behind the link, and it is somebody else's.
    [ ! -L node_modules ] || fail "$root/node_modules is a link, and npm ci would empty the folder that it leads to" "remove the link and run this again"
    say "npm ci (the libraries mlgit uses)"
    npm ci --include=dev --no-audit --no-fund --loglevel=error >/dev/null || fail "npm ci failed" "see the message above"
  fi
  if [ ! -e dist/completion/git-mlgit.fish ] ||
    [ -n "$(find package.json src scripts docs/man -newer dist/completion/git-mlgit.fish -type f | head -n 1)" ]; then
    say "npm run build"
    npm run --silent build || fail "the build failed" "see the message above"
  fi
}

# Every link as "target below the checkout|place below the prefix".
links() {
  for name in git-mlgit git-remote-mlgit $([ $alias = no ] || echo ml-git); do printf 'bin/%s|bin/%s\n' "$name" "$name"; done
  for page in "$root"/dist/man/man1/*.1; do
    [ ! -e "$page" ] || printf 'dist/man/man1/%s|share/man/man1/%s\n' "${page##*/}" "${page##*/}"
  done
  printf 'dist/completion/%s|share/%s\n' \
    git-mlgit.bash bash-completion/completions/git-mlgit \
    _git-mlgit zsh/site-functions/_git-mlgit \
    git-mlgit.fish fish/vendor_completions.d/git-mlgit.fish
}

link_all() {
  links | while IFS='|' read -r from to; do
    mkdir -p "$prefix/$(dirname "$to")" || fail "cannot write to $prefix" "choose another --prefix, or become root"
    ln -sfn "$root/$from" "$prefix/$to" || fail "cannot write to $prefix" "choose another --prefix, or become root"
  done
}

is_ours() {
  [ -L "$1" ] || return 1
  case $(readlink "$1") in
    "$root"/*) return 0 ;;
    *) return 1 ;;
  esac
}

# The real ml-git may be installed here; whoever wants ours asks for it once.
choose_alias() {
  if is_ours "$prefix/bin/ml-git"; then alias=yes; fi
  [ $alias = yes ] || return 0
  [ ! -e "$prefix/bin/ml-git" ] || is_ours "$prefix/bin/ml-git" ||
    fail "$prefix/bin/ml-git is another program" "remove it (pip uninstall ml-git), or choose another --prefix"
}

# Only links into this checkout are ours; pages of commands that no longer exist included.
unlink_all() {
  for place in "$prefix"/bin/git-mlgit "$prefix"/bin/git-remote-mlgit "$prefix"/bin/ml-git "$prefix"/share/man/man1/git*mlgit*.1 \
    "$prefix"/share/bash-completion/completions/git-mlgit "$prefix"/share/zsh/site-functions/_git-mlgit \
    "$prefix"/share/fish/vendor_completions.d/git-mlgit.fish; do
    ! is_ours "$place" || rm -f "$place"
  done
}

if [ $action = uninstall ]; then
  if [ $config = yes ] && [ -e "$root/dist/git-mlgit.cjs" ]; then
    "$root/bin/git-mlgit" uninstall --global || say "git's configuration may still name mlgit: see git config --global --list"
  fi
  unlink_all
  say "mlgit is removed from $prefix; data in repositories and stores is untouched"
  exit 0
fi

check_tools
choose_alias
build
unlink_all
link_all
if [ $config = yes ]; then
  PATH="$prefix/bin:$PATH" git mlgit install --global --quiet || fail "git's configuration could not be written"
fi
say "$("$prefix/bin/git-mlgit" --version) is in $prefix"
case :$PATH: in
  *":$prefix/bin:"*) ;;
  *) say "put it on PATH:  export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
if [ $demo = yes ]; then
  say
  PATH="$prefix/bin:$PATH" exec sh "$root/scripts/demo.sh"
fi
