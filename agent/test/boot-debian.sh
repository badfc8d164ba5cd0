#!/bin/sh
# Boots the Debian system in the folder $1, in namespaces that `unshare -mpiuC --fork` has made.
set -e
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
# This machine's: its pseudo-terminals are the serial ports. Its consoles stay its own.
mount --rbind /dev dev
ln -sf /dev/null etc/systemd/system/getty.target
ln -sf /dev/null etc/systemd/system/console-getty.service
mkdir -p old
pivot_root . old
umount -l old
# As on a machine of its own: services see what is mounted later.
mount --make-rshared /
exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=false
