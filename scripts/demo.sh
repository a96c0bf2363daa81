#!/bin/sh
# A data set goes round in a temporary folder: add, commit, push, clone, verify, edit, push again. Exits 0 only if every check holds.
# Your own git configuration is not read and nothing stays behind.
set -eu
mebibytes=${1:-96}
work=$(mktemp -d "${TMPDIR:-/tmp}/mlgit-demo.XXXXXX")
clean_up() {
  status=$?
  chmod -R u+w "$work"
  rm -rf "$work"
  [ $status = 0 ] || echo "demo: failed" >&2
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM
export HOME="$work/home" XDG_CONFIG_HOME="$work/home/.config" GIT_CONFIG_NOSYSTEM=1
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_CONFIG_GLOBAL GIT_CONFIG_COUNT
mkdir "$HOME"
git config --global user.name "Demo"
git config --global user.email "demo@example.invalid"
git config --global init.defaultBranch main
git mlgit install --global --quiet

step() { printf '\n$ %s\n' "$*"; }
run() {
  step "$@"
  "$@"
}
check() {
  if ! "$@"; then
    echo "demo: this does not hold: $*" >&2
    exit 1
  fi
}
stored() { du -sb "$work/project.git/mlgit" | cut -f 1; }
# size SEED BYTES: the same bytes on every machine.
noise() { openssl enc -aes-128-ctr -pass "pass:$1" -nosalt -pbkdf2 -in /dev/zero 2>/dev/null | head -c "$2" || :; }
sums() { (cd "$1" && find data -type f -exec sha256sum {} + | sort -k 2); }
megabytes() { echo "$1" | awk '{ printf "%.1f MB", $1 / 1e6 }'; }

cd "$work"
git init -q --bare project.git
git init -q project
cd project
git remote add origin "$work/project.git"
run git mlgit init --quiet
step "git mlgit track 'data/**'"
git mlgit track --quiet 'data/**'
mkdir -p data/images
noise big $((mebibytes * 1048576)) >data/train.bin
for n in 1 2 3 4 5 6 7 8 9; do noise "image $n" $((n * 20000)) >"data/images/$n.png"; done
sums . >"$work/sums"

run git add .
run git commit -q -m "first version"
run git push -q origin main
first=$(stored)
echo "the store beside the remote holds $(megabytes "$first"); git itself stores this for data/train.bin:"
git cat-file -p HEAD:data/train.bin | sed 's/^/    /'
check test -z "$(git status --porcelain)"

cd "$work"
run git clone -q project.git elsewhere
sums elsewhere | check cmp - "$work/sums"
check test -z "$(git -C elsewhere status --porcelain)"
echo "every byte of $(wc -l <"$work/sums") files is the same (sha256)"

cd project
step "# 1 MB in the middle of the $mebibytes MiB file changes"
noise edit 1000000 >"$work/edit"
# A new file in its place: what was checked out may share its bytes with the cache.
{
  head -c $((mebibytes * 524288)) data/train.bin
  cat "$work/edit"
  tail -c +$((mebibytes * 524288 + 1000001)) data/train.bin
} >"$work/edited"
mv -f "$work/edited" data/train.bin
sums . >"$work/sums"
run git commit -q -a -m "second version"
run git push -q origin main
added=$(($(stored) - first))
echo "this push added $(megabytes "$added") to the store"
check test "$added" -gt 0
check test "$added" -lt 4000000

cd "$work/elsewhere"
run git pull -q
sums . | check cmp - "$work/sums"
run git checkout -q HEAD~1
run git checkout -q main
sums . | check cmp - "$work/sums"
check test -z "$(git status --porcelain)"
echo
echo "demo: all checks hold"
