#!/bin/sh
# Boots the Debian system in folder $1, in namespaces of its own: unshare -mpiuC --fork --propagation private boot-debian.sh FOLDER
set -e
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
# Of this machine: its pseudo-terminals are the serial ports.
mount --rbind /dev dev
mkdir -p old
pivot_root . old
umount -l old
exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=false
