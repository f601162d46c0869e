#!/usr/bin/env bash
# Logs docker in to one registry. Passwords come in the environment and go through standard input, never as an argument.
#
#   login.sh password HOST   with USERNAME and PASSWORD
#   login.sh temp HOST[/…]   with USERNAME and PASSWORD of that registry, or GITHUB_ACTOR and GITHUB_TOKEN for ghcr.io
#   login.sh ecr REGION      with ROLE, and the job's permission to ask for an identity token
set -euo pipefail
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

login() { printf '%s' "$3" | docker login --username "$2" --password-stdin "$1"; }

password() {
    [[ -n ${USERNAME:-} && -n ${PASSWORD:-} ]] || error "the user name or the password for \`$1\` is missing"
    login "$1" "$USERNAME" "$PASSWORD"
}

temp() {
    local host=${1%%/*}
    if [[ -n ${PASSWORD:-} ]]; then
        password "$host"
    elif [[ $host == ghcr.io ]]; then
        login "$host" "$GITHUB_ACTOR" "$GITHUB_TOKEN"
    else
        notice "no credentials for \`$host\`: it is used without; TEMP_REGISTRY_USERNAME and TEMP_REGISTRY_PASSWORD are their secrets"
    fi
}

# The role is taken over by the AWS program itself, which reads the token from a file that only this user may read.
ecr() {
    needs aws curl jq
    [[ -n ${ACTIONS_ID_TOKEN_REQUEST_URL:-} ]] || error "AWS_ROLE needs the permission \`id-token: write\` of the calling job"
    local token account
    token=$(mktemp)
    # shellcheck disable=SC2064  # the name is known now
    trap "rm -f '$token'" EXIT
    printf 'header = "Authorization: bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
        curl --config - --fail --silent --show-error --retry 3 --max-time 60 \
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" |
        jq -er .value >"$token" || error "GitHub gave no identity token"
    export AWS_ROLE_ARN=$ROLE AWS_WEB_IDENTITY_TOKEN_FILE=$token AWS_ROLE_SESSION_NAME=bakery-publish AWS_REGION=$1
    account=$(aws sts get-caller-identity --query Account --output text)
    aws ecr get-login-password --region "$1" |
        docker login --username AWS --password-stdin "$account.dkr.ecr.$1.amazonaws.com"
}

needs docker
case ${1:-} in
password | temp | ecr) "$1" "${2:?a registry or a region}" ;;
*) error "login.sh: unknown kind \`${1:-}\`" ;;
esac
