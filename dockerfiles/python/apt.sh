# apt-get update and install, for builds: `. /djbuild/apt.sh; apt_update; apt_install PACKAGE...`
#
# That a mirror cannot be reached is told apart from a package that it doesn't
# have: a last line that begins with "djbuild: network:" and the exit status 75
# mean that it may go well another time.
export APT_CONFIG=/djbuild/apt.conf DEBIAN_FRONTEND=noninteractive

network() {
    echo "djbuild: network: apt-get could not $1"
    exit 75
}

apt_update() {
    for pause in 2 8 30 ""; do
        apt-get update && return
        [ -z "$pause" ] || sleep "$pause"
    done
    network "fetch the lists of packages"
}

apt_install() {
    for pause in 2 8 30 ""; do
        apt-get install -y --download-only "$@" && break
        # What cannot even be planned is not there.
        apt-get install --simulate "$@" > /dev/null || return
        [ -n "$pause" ] || network "download packages"
        sleep "$pause"
    done
    apt-get install -y "$@"
    apt-get clean
    rm -rf /var/lib/apt/lists/*
}
