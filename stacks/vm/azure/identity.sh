# shellcheck shell=bash
# By the machine's identity, for which the metadata server gives tokens:
# https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
token() {
  curl --silent --show-error --fail --retry 10 --retry-connrefused --noproxy '*' --header 'Metadata: true' \
    "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=$1" |
    sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/'
}

# Only Azure's registry needs a login: it exchanges the machine's token for one of its own, which
# lasts three hours and is used at once.
# https://learn.microsoft.com/azure/container-registry/container-registry-authentication
registry_login() {
  case $1 in
    *.azurecr.io)
      printf 'data = "grant_type=access_token&service=%s&access_token=%s"\n' \
        "$1" "$(token https://management.azure.com/)" |
        curl --silent --show-error --fail --retry 5 --config - "https://$1/oauth2/exchange" |
        sed 's/.*"refresh_token" *: *"\([^"]*\)".*/\1/' |
        docker login --username 00000000-0000-0000-0000-000000000000 --password-stdin "$1"
      ;;
  esac
}

# A secret's id is https://VAULT.vault.azure.net/secrets/NAME.
read_secret() {
  printf 'header = "Authorization: Bearer %s"\n' "$(token https://vault.azure.net)" |
    curl --silent --show-error --fail --retry 5 --config - "$1?api-version=7.4" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["value"])'
}
