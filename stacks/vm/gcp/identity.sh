# shellcheck shell=bash
# By the machine's service account, for which the metadata server gives tokens:
# https://cloud.google.com/compute/docs/access/authenticate-workloads
token() {
  curl --silent --show-error --fail --retry 10 --retry-connrefused --noproxy '*' --header 'Metadata-Flavor: Google' \
    http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token |
    sed 's/.*"access_token" *: *"\([^"]*\)".*/\1/'
}

# Only Google's registry needs a login: the token itself, which lasts an hour at most.
registry_login() {
  case $1 in
    *.pkg.dev)
      token | docker login --username oauth2accesstoken --password-stdin "$1"
      ;;
  esac
}

# A secret's name is projects/PROJECT/secrets/NAME/versions/VERSION.
read_secret() {
  printf 'header = "Authorization: Bearer %s"\n' "$(token)" |
    curl --silent --show-error --fail --retry 5 --config - "https://secretmanager.googleapis.com/v1/$1:access" |
    sed -n 's/.*"data" *: *"\([^"]*\)".*/\1/p' | base64 --decode
}
