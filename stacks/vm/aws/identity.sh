# shellcheck shell=bash
# By the role of the machine, which the AWS CLI asks of the metadata server.

# Only ECR needs a login; a password lasts 12 hours, and is used at once.
registry_login() {
  local region
  case $1 in
    *.dkr.ecr.*.amazonaws.com)
      region=${1#*.dkr.ecr.}
      aws ecr get-login-password --region "${region%.amazonaws.com}" |
        docker login --username AWS --password-stdin "$1"
      ;;
  esac
}

# A secret's ARN is arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME.
read_secret() {
  aws secretsmanager get-secret-value --region "$(cut -d: -f4 <<<"$1")" --secret-id "$1" \
    --query SecretString --output text
}
