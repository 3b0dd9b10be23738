#!/usr/bin/env bash
# Both commands on a fresh Debian, as root: tools/try_system.sh SUITE, for instance trixie or sid.
#
# The system is made with debootstrap in a temporary folder, which is removed at the end, and has
# nothing but Python, venv, make, git and certificates. What is committed here is cloned into it.
# How things are fetched here (apt's mirror or $MIRROR; pip's settings and the places they name,
# proxies, certificates) holds inside too. Says how long each command took.
set -euo pipefail
suite=${1:?which suite of Debian? for instance: tools/try_system.sh trixie}
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo "try_system.sh needs root, and debootstrap (apt install debootstrap)" >&2
    exit 1
fi
project=$(cd "$(dirname "$0")/.." && pwd)
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE) $(LABEL)' 2>/dev/null |
    sed -n '/ Debian$/{s///p;q}')}
packages=python3,python3-venv,make,git,ca-certificates
system=$(mktemp -d)
mounted=()

finish() {
    local place
    for place in "${mounted[@]}"; do
        umount --recursive --lazy "$place"
    done
    if ! grep -q " $system/" /proc/mounts; then
        rm -rf --one-file-system "$system"
    fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# Show a file or folder from here at the same place inside
show() {
    if [ -d "$1" ]; then
        mkdir -p "$system$1"
    elif [ -f "$1" ]; then
        mkdir -p "$system$(dirname "$1")"
        touch "$system$1"
    else
        return 0
    fi
    mount --bind "$1" "$system$1"
    mounted=("$system$1" "${mounted[@]}")
}

inside() {
    env --ignore-environment HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        "${settings[@]}" chroot "$system" "$@"
}

start=$SECONDS
debootstrap --variant=minbase --include=$packages "$suite" "$system" \
    "${mirror:-http://deb.debian.org/debian}" >"$system/debootstrap.log" || {
    tail "$system/debootstrap.log" >&2
    exit 1
}
echo "== $suite: the system took $((SECONDS - start)) s"

# variables and files that say how things are fetched, and what these name
mapfile -t settings < <(env | grep -iE '^(PIP_|UV_|SSL_CERT|(https?|all|no)_proxy=|[A-Z_]*CA_BUNDLE=)' |
    grep -vE '^(PIP|UV)_CACHE')
places=(/etc/resolv.conf /etc/hosts /etc/pip.conf /etc/xdg/pip /etc/ssl/certs /usr/share/ca-certificates
    /usr/local/share/ca-certificates ~/.pip ~/.config/pip)
mapfile -t -O "${#places[@]}" places < <({
    printf '%s\n' "${settings[@]#*=}"
    python3 -m pip config list | sed "s/.*='\(.*\)'/\1/; s/\\\\n/ /g"
} | tr ' ,' '\n\n' | sed -n 's,^file://\(/.*\)/.*,\1,p; s,^/.*,&,p')
for place in /proc /dev $(printf '%s\n' "${places[@]%/}" | sort -u); do
    if [ ! "$system$place" -ef "$place" ]; then
        show "$place"
    fi
done

git clone --quiet "$project" "$system/root/synlib"
version=$(inside python3 --version)
for target in test book; do
    start=$SECONDS
    inside make --directory=/root/synlib $target || failed+=" $target"
    echo "== $suite, $version: make $target took $((SECONDS - start)) s"
done
if [ -n "${failed:-}" ]; then
    echo "== $suite, $version: failed:$failed" >&2
    exit 1
fi
