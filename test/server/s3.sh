#!/usr/bin/env bash
# s3.sh start DIR PORT [WATCH_PID] | s3.sh stop DIR
# A real S3 server for tests: Ceph's RADOS gateway with one monitor and one in-memory object store, on 127.0.0.1 only, as the current user,
# without systemd. Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common
#
# DIR is emptied. Ports: PORT (http), PORT+1 and PORT+10..PORT+90. With WATCH_PID the server ends when that process has ended, however it ended.
# S3_BYTES is what it holds at most, in memory: 8 GiB. S3_TREE=/path takes the programs of an unpacked Debian tree instead of the installed ones (rgw-tree.sh makes one).
# The keys below open nothing but this server.
set -euo pipefail
access_key=testaccesskey secret_key=testsecretkey
command=$1 dir=$2

stop() {
  local name pid
  for name in rgw osd mon; do
    [ -s "$dir/$name.pid" ] || continue
    pid=$(cat "$dir/$name.pid")
    # The number may be another process's by now.
    grep -qsz "^CEPH_CONF=$dir/" "/proc/$pid/environ" || continue
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep .1; done
    kill -9 "$pid" 2>/dev/null || :
  done
}
if [ "$command" = stop ]; then stop; exit 0; fi

port=$3 watch=${4:-} tree=${S3_TREE:-}
libraries=$tree/usr/lib/x86_64-linux-gnu

# Runs a program, from the tree through the tree's own loader so that nothing has to be installed.
run() {
  local program=$1; shift
  if [ -z "$tree" ]; then exec "$program" "$@"; fi
  local loader=("$tree/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/ceph:$tree/usr/lib")
  if [ "$program" != ceph ]; then exec "${loader[@]}" "$tree/usr/bin/$program" "$@"; fi
  export PYTHONHOME=$tree/usr PYTHONPATH=$tree/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
  exec "${loader[@]}" "$tree/usr/bin/python3" "$tree/usr/bin/ceph" "$@"
}
ask() { (run "$@"); }
serve() {
  local name=$1; shift
  (run "$@") >"$dir/log/$name.out" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
}

rm -rf "$dir"
mkdir -p "$dir"/{mon,osd,run,log,rgw}
cluster=$(cat /proc/sys/kernel/random/uuid)
osd=$(cat /proc/sys/kernel/random/uuid)
export CEPH_CONF=$dir/ceph.conf
cat >"$CEPH_CONF" <<CONF
[global]
fsid = $cluster
mon_host = v2:127.0.0.1:$((port + 1))/0
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_port_min = $((port + 10))
ms_bind_port_max = $((port + 90))
run_dir = $dir/run
admin_socket =
log_file = $dir/log/\$name.log
crash_dir = $dir/log
keyring = $dir/keyring
pid_file =
${tree:+plugin_dir = $libraries/ceph}
${tree:+erasure_code_dir = $libraries/ceph/erasure-code}
${tree:+osd_class_dir = $libraries/rados-classes}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
mon_data_avail_warn = 2
# Without these two the first start takes 13 seconds.
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
[mon]
mon_data = $dir/mon
mon_initial_members = a
auth_allow_insecure_global_id_reclaim = false
[osd]
osd_data = $dir/osd
osd_objectstore = memstore
memstore_device_bytes = ${S3_BYTES:-8589934592}
osd_memory_target = 939524096
[client]
rgw_data = $dir/rgw
# Without tcp_nodelay every request takes 40 ms.
rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw_dns_name = s3.localhost
rgw_enable_ops_log = false
rgw_enable_usage_log = false
rgw_run_sync_thread = false
CONF

ask ceph-authtool -C "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
for name in client.admin client.rgw osd.0; do
  ask ceph-authtool "$dir/keyring" --gen-key -n $name --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' >/dev/null
done
ask monmaptool --create --fsid "$cluster" --addv a "[v2:127.0.0.1:$((port + 1))]" "$dir/monmap" >/dev/null
ask ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
trap stop ERR
serve mon ceph-mon -i a -f
ask ceph osd new "$osd" 0 >/dev/null
ask ceph-osd -i 0 --mkfs --osd-uuid "$osd" >"$dir/log/mkfs.out" 2>&1
serve osd ceph-osd -i 0 -f
ask radosgw-admin user create --uid test --display-name test --access-key $access_key --secret-key $secret_key >/dev/null 2>"$dir/log/admin.out"
serve rgw radosgw -n client.rgw -f

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
for _ in $(seq 400); do
  if answers; then
    if [ -n "$watch" ]; then
      (while kill -0 "$watch" 2>/dev/null; do sleep 1; done; stop; rm -rf "$dir") >/dev/null 2>&1 </dev/null &
    fi
    exit 0
  fi
  sleep .05
done
echo "radosgw did not come up on port $port; see $dir/log" >&2
stop
exit 1
