#!/usr/bin/env bash
# rgw-tree.sh TREE
# Unpacks the newer Ceph gateway of Debian testing into TREE (500 MB, half a minute, root), beside the system and without installing it. Then
#   MLGIT_TEST_RGW20=TREE npm test -- test/backend/s3
# runs the S3 contract against it too. Needs: apt-get install --no-install-recommends mmdebstrap
set -euo pipefail
tree=$1
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -1)
rm -rf "$tree"
# A snapshot mirror of testing may be older than its own date limit.
TMPDIR=/tmp mmdebstrap --quiet --mode=root --variant=extract --include=radosgw,ceph-mon,ceph-osd \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
  "${SUITE:-testing}" "$tree" "$mirror"
rm -rf "$tree"/usr/share/{doc,man,locale,icons} "$tree"/var/cache/apt "$tree"/var/lib/apt
