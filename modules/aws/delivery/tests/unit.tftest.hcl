mock_provider "aws" {
  source = "./.."
}

variables {
  name           = "test"
  environments   = { production = "test", staging = "test-staging" }
  machines       = { production = "test-hello", staging = "hello-staging" }
  platforms      = {}
  zones          = { production = "Z0123456789ABCDEFGHIJ" }
  github         = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }
  store          = "arn:aws:s3:::test-state-123456789012-us-east-1"
  repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/meridian"
}

run "with_the_variables_above" {
  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.planner.policy).Statement : [
        for action in flatten([statement.Action]) : can(regex("^[a-z0-9-]+:(Get|List|Describe)[A-Za-z0-9]*\\*?$", action))
      ]
    ]))
    error_message = "The planner must have rights to read only."
  }
  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.planner.policy).Statement : statement.Resource if contains(flatten([statement.Action]), "s3:GetObject")])) == toset([
      "arn:aws:s3:::test-state-123456789012-us-east-1", "arn:aws:s3:::test-state-123456789012-us-east-1/*", "arn:aws:s3:::test-documents-*", "arn:aws:s3:::test-staging-documents-*",
    ])
    error_message = "The planner must read no objects except states and documents: other data in the account must stay out of reach."
  }
  assert {
    condition = jsondecode(aws_iam_role.deployer["staging"].assume_role_policy).Statement[1].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == [
      for subject in setproduct(["repo:someone@1234567/meridian@7654321", "repo:someone/meridian"], ["", ":ref_protected:true"]) :
      "${subject[0]}:environment:staging${subject[1]}"
    ]
    error_message = "Only jobs of the environment staging may assume staging's deployer role."
  }
  assert {
    condition = alltrue(flatten([for environment, role in aws_iam_role.deployer : [
      for statement in jsondecode(role.assume_role_policy).Statement : [
        for subject in try(statement.Condition.StringEquals["token.actions.githubusercontent.com:sub"], []) : can(regex(":environment:${environment}(:ref_protected:true)?$", subject))
      ]
    ]]))
    error_message = "A deployer role must trust only jobs of its own environment, and no pull request."
  }
  assert {
    condition     = [for role in values(aws_iam_role.deployer) : jsondecode(role.assume_role_policy).Statement[1].Condition.StringEquals["token.actions.githubusercontent.com:ref"]] == ["refs/heads/main", "refs/heads/main"]
    error_message = "Deployer roles must trust the main branch only: a job on any branch can name an environment."
  }
  assert {
    condition     = length(jsondecode(aws_iam_role.deployer["staging"].assume_role_policy).Statement) == 2
    error_message = "The deployer's trust policy must have two statements only: the denial and the one for GitHub's jobs."
  }
  assert {
    condition = alltrue(flatten([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer)) : [
      for statement in jsondecode(role.assume_role_policy).Statement : [
        statement.Condition.StringEquals["token.actions.githubusercontent.com:repository_id"] == "7654321",
        statement.Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com",
        keys(statement.Condition) == ["StringEquals"],
        !strcontains(jsonencode(statement.Condition), "*"),
      ] if try(statement.Principal.Federated, "") == local.github_provider
    ]]))
    error_message = "Trust conditions must compare GitHub's ids exactly, without wildcards."
  }
  assert {
    condition = toset(jsondecode(aws_iam_role.planner.assume_role_policy).Statement[1].Condition.StringEquals["token.actions.githubusercontent.com:sub"]) == toset([
      for subject in setproduct(
        ["repo:someone@1234567/meridian@7654321", "repo:someone/meridian"],
        ["pull_request", "pull_request:ref_protected:false", "ref:refs/heads/main", "ref:refs/heads/main:ref_protected:true"],
      ) : join(":", subject)
    ])
    error_message = "Pull requests and the main branch must be able to plan, with both forms of the subject."
  }
  assert {
    condition     = alltrue([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer)) : jsondecode(role.assume_role_policy).Statement[0] == { Effect = "Deny", Principal = { AWS = "*" }, Action = "sts:AssumeRole" }])
    error_message = "Rights in the account must not suffice to assume a pipeline role: only the pipeline's tokens may."
  }
  assert {
    condition = alltrue(flatten([for key, policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement :
      alltrue([for arn in flatten([statement.Condition.ArnLike["iam:PermissionsBoundary"]]) : contains([for boundary in aws_iam_policy.boundary : "arn:aws:iam::123456789012:policy/${boundary.name}"], arn)])
      if length(setintersection(flatten([statement.Action]), ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])) > 0
    ]]))
    error_message = "Each right to create or change a role must require a permissions boundary."
  }
  assert {
    condition = length(setintersection(flatten([for policy in aws_iam_policy.deployer : [for statement in jsondecode(policy.policy).Statement : statement.Action]]), [
      "iam:*", "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "iam:SetDefaultPolicyVersion",
      "iam:UpdateAssumeRolePolicy", "iam:CreateUser", "iam:CreateAccessKey", "iam:PutUserPolicy",
    ])) == 0
    error_message = "The deployer must not be able to remove, change or bypass the boundary."
  }
  assert {
    condition = alltrue(flatten([for policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : can(statement.Condition.StringEquals["iam:PassedToService"]) if contains(flatten([statement.Action]), "iam:PassRole")
    ]]))
    error_message = "The deployer must only pass roles to named services."
  }
  assert {
    condition     = alltrue([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer), values(aws_iam_role.viewer)) : role.path == "/delivery/"])
    error_message = "Delivery roles must have their own path: otherwise a role named test-deployer would be within the deployer's rights."
  }
  assert {
    condition = length(flatten([for key, policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : [
        for resource in flatten([statement.Resource]) : resource if can(regex("[/:]test(\\*|-hello)", resource))
      ]
    ] if startswith(key, "staging/")])) == 0
    error_message = "Staging's deployer must not reach production's resources: none of its resources may match production's names."
  }
  assert {
    condition = alltrue(flatten([for key, policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : [for tags in try([statement.Condition.StringLike["aws:ResourceTag/Stack"]], []) : length(setsubtract(flatten([tags]), ["test-staging*", "hello-staging*"])) == 0]
    ] if startswith(key, "staging/")]))
    error_message = "Staging's deployer must only reach networks with the tags of its own stacks."
  }
  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_policy.deployer["staging/machine"].policy).Statement : statement.Resource]), "arn:aws:iam::*:role/hello-staging*")
    error_message = "Staging's deployer must be able to deploy its machine, which has another name."
  }
  assert {
    condition     = alltrue([for policy in concat(values(aws_iam_policy.deployer), values(aws_iam_policy.boundary)) : length(policy.policy) <= 6144])
    error_message = "Managed policies must not exceed AWS's limit of 6,144 characters."
  }
  assert {
    condition     = alltrue([for policy in concat([aws_iam_role_policy.planner], values(aws_iam_role_policy.deployer)) : length(policy.policy) <= 10240])
    error_message = "A role's inline policy must not exceed AWS's limit of 10,240 characters."
  }
  assert {
    condition = flatten([for statement in jsondecode(aws_iam_role_policy.planner.policy).Statement : statement.Resource if contains(flatten([statement.Action]), "ssm:GetParameter")]) == [
      "arn:aws:ssm:*::parameter/aws/service/*"
    ]
    error_message = "The planner must read only AWS's own parameters, because a plan runs code from pull requests."
  }
  assert {
    condition = [for environment in ["production", "staging"] : [for statement in jsondecode(aws_iam_role_policy.deployer[environment].policy).Statement : statement.Resource if statement.Sid == "State"][0]] == [
      ["arn:aws:s3:::test-state-123456789012-us-east-1/stack.tfstate*", "arn:aws:s3:::test-state-123456789012-us-east-1/vm.tfstate*"],
      ["arn:aws:s3:::test-state-123456789012-us-east-1/env:/staging/stack.tfstate*", "arn:aws:s3:::test-state-123456789012-us-east-1/env:/staging/vm.tfstate*"],
    ]
    error_message = "A deployer must only write its environment's states and their lock files, and never the bootstrap's state."
  }
  assert {
    condition = alltrue(flatten([for environment, policy in aws_iam_role_policy.viewer : [
      for statement in jsondecode(policy.policy).Statement : alltrue([for resource in flatten([statement.Resource]) : strcontains(resource, var.environments[environment]) || resource == "arn:aws:ecr:us-east-1:123456789012:repository/meridian"])
      if !can(statement.Condition)
    ]]))
    error_message = "The viewer must see this stack only: each right must name the stack or the shared repository."
  }
  assert {
    condition     = alltrue(flatten([for policy in aws_iam_role_policy.viewer : [for statement in jsondecode(policy.policy).Statement : [for action in flatten([statement.Action]) : can(regex(":(Describe|Filter|Get|List|Start)", action))]]]))
    error_message = "The viewer must only have rights to look (StartQuery queries a log)."
  }
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.viewer : strcontains(policy.policy, "logs:GetQueryResults")])
    error_message = "The viewer must be able to get the results of log queries."
  }
  assert {
    condition = alltrue([for statement in flatten([for policy in aws_iam_policy.boundary : jsondecode(policy.policy).Statement]) :
      alltrue([for resource in flatten([statement.Resource]) : endswith(resource, "-documents-*") if startswith(resource, "arn:aws:s3:")])
    ])
    error_message = "Roles that a deployer creates must not read states: the state bucket's name may begin with the stack's name."
  }
  assert {
    condition = alltrue(flatten([for environment, policy in aws_iam_role_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : [
        for each in jsondecode(aws_iam_policy.deployer["${environment}/service"].policy).Statement :
        length(setsubtract([for action in flatten([each.Action]) : action if can(regex(":(Delete|Put)", action)) && action != "ecr:PutImage"], statement.Action)) == 0
        if each.Sid == "Images"
      ] if statement.Sid == "SharedRepositoryStays"
    ]]))
    error_message = "A deployer must not change the shared repository's lifecycle, even if its stack has the repository's name."
  }
}

run "an_existing_provider_is_used" {
  variables {
    github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321, provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && jsondecode(aws_iam_role.planner.assume_role_policy).Statement[1].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    error_message = "An existing provider must be used: AWS does not allow a second one with the same URL."
  }
}

run "without_a_pipeline_nobody_has_access" {
  variables {
    github = null
  }
  assert {
    condition     = alltrue([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer)) : [for statement in jsondecode(role.assume_role_policy).Statement : statement.Effect] == ["Deny"]])
    error_message = "Without a pipeline the trust policies must only deny."
  }
}

run "rights_to_a_platform_and_its_services_use_its_prefix" {
  variables {
    platforms = { staging = "stg" }
  }
  assert {
    condition = alltrue(flatten([for statement in jsondecode(aws_iam_policy.deployer["staging/platform"].policy).Statement : [
      for arn in flatten([statement.Resource]) : arn == "*" || !strcontains(arn, "stg") || strcontains(arn, "stg-*")
    ]])) && strcontains(aws_iam_policy.deployer["staging/platform"].policy, "loadbalancer/app/stg-*") && !strcontains(aws_iam_policy.deployer["staging/platform"].policy, "meridian*")
    error_message = "Rights must match the name followed by a hyphen, so that another platform's stg2-orders is out of reach."
  }
  assert {
    condition     = !contains(keys(aws_iam_policy.deployer), "production/platform") && !strcontains(aws_iam_policy.deployer["production/service"].policy, "stg")
    error_message = "Another environment's deployer must have no rights to the platform."
  }
  assert {
    condition     = aws_iam_policy.boundary["stg"].name == "stg-boundary" && strcontains(aws_iam_policy.boundary["stg"].policy, "secret:stg-*") && strcontains(aws_iam_policy.deployer["staging/platform"].policy, "arn:aws:iam::123456789012:policy/stg-boundary")
    error_message = "Roles on the platform must have the platform's boundary."
  }
  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_role_policy.deployer["staging"].policy).Statement : statement.Resource]), "arn:aws:s3:::test-state-123456789012-us-east-1/env:/staging_*/stack.tfstate*")
    error_message = "The environment's deployer must be able to write the state of each service on its platform."
  }
  assert {
    condition     = alltrue([for policy in aws_iam_policy.deployer : length(policy.policy) <= 6144])
    error_message = "Managed policies must not exceed AWS's limit of 6,144 characters."
  }
}

run "a_stack_and_a_platform_may_have_the_same_name" {
  variables {
    environments = { production = "prod" }
    machines     = {}
    platforms    = { production = "prod" }
  }
  assert {
    condition     = keys(aws_iam_policy.boundary) == ["prod"] && strcontains(aws_iam_policy.boundary["prod"].policy, "secret:prod*")
    error_message = "Both must share the stack's boundary, since every name that begins with prod- begins with prod."
  }
}
