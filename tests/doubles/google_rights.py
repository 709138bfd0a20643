"""The permissions that methods of Google's APIs need and that its roles hold, by which GoogleRights.java judges.

Permissions of methods: https://cloud.google.com/iam/docs/permissions-reference and each API's own pages.
Permissions of roles, as far as a method needs them: https://cloud.google.com/iam/docs/roles-permissions, as
https://github.com/iann0036/iam-dataset had them on 2026-08-22.
"""

import fnmatch

# Operations on a collection or one of its resources: method, path after the collection's, and permissions.
VERBS = {
    "list": ("GET", "", ["list"]),
    "get": ("GET", "/*", ["get"]),
    "create": ("POST", "", ["create"]),
    "update": ("PATCH", "/*", ["get", "update"]),
    "replace": ("PUT", "/*", ["update"]),
    "delete": ("DELETE", "/*", ["delete"]),
    "setLabels": ("POST", "/*/setLabels", ["setLabels"]),
    "getIamPolicy": ("GET", "/*:getIamPolicy", ["getIamPolicy"]),
    "setIamPolicy": ("POST", "/*:setIamPolicy", ["setIamPolicy"]),
}
ALL = "list get create update delete"
GLOBAL, REGIONAL, PLACED, POOLS = (f"projects/*/{part}" for part in (
    "global", "regions/*", "locations/*", "locations/global/workloadIdentityPools"))
# API, its operations, and collection to the prefix of its permissions.
COLLECTIONS = [
    ("compute", "list get create delete setLabels", {
        f"{GLOBAL}/addresses": "compute.globalAddresses", f"{REGIONAL}/addresses": "compute.addresses"}),
    ("compute", ALL, {
        f"{GLOBAL}/networks": "compute.networks", f"{REGIONAL}/subnetworks": "compute.subnetworks",
        f"{GLOBAL}/firewalls": "compute.firewalls", f"{REGIONAL}/routers": "compute.routers",
        f"{GLOBAL}/targetHttpProxies": "compute.targetHttpProxies",
        f"{GLOBAL}/targetHttpsProxies": "compute.targetHttpsProxies", f"{GLOBAL}/sslPolicies": "compute.sslPolicies"}),
    ("compute", f"{ALL} replace", {
        f"{GLOBAL}/backendServices": "compute.backendServices", f"{GLOBAL}/urlMaps": "compute.urlMaps",
        f"{REGIONAL}/backendServices": "compute.regionBackendServices",
        f"{GLOBAL}/healthChecks": "compute.healthChecks", f"{REGIONAL}/healthChecks": "compute.regionHealthChecks"}),
    ("compute", f"{ALL} setLabels", {
        f"{GLOBAL}/securityPolicies": "compute.securityPolicies",
        f"{GLOBAL}/forwardingRules": "compute.globalForwardingRules",
        f"{REGIONAL}/forwardingRules": "compute.forwardingRules"}),
    ("compute", "list get create delete", {
        f"{REGIONAL}/networkEndpointGroups": "compute.regionNetworkEndpointGroups",
        f"{REGIONAL}/instanceTemplates": "compute.instanceTemplates"}),
    ("compute", ALL, {f"{REGIONAL}/instanceGroupManagers": "compute.instanceGroupManagers"}),
    ("run", f"{ALL} getIamPolicy setIamPolicy", {f"{PLACED}/services": "run.services", f"{PLACED}/jobs": "run.jobs"}),
    ("run", "list get", {f"{PLACED}/services/*/revisions": "run.revisions"}),
    ("storage", ALL, {"b": "storage.buckets", "b/*/o": "storage.objects"}),
    ("monitoring", ALL, {f"projects/*/{kind}": f"monitoring.{kind}"
        for kind in ("alertPolicies", "dashboards", "notificationChannels", "uptimeCheckConfigs")}),
    ("artifactregistry", f"{ALL} getIamPolicy setIamPolicy", {
        f"{PLACED}/repositories": "artifactregistry.repositories"}),
    ("iam", f"{ALL} setIamPolicy", {"projects/*/serviceAccounts": "iam.serviceAccounts"}),
    ("iam", ALL, {"projects/*/roles": "iam.roles"}),
    ("iam", "get create update delete", {
        POOLS: "iam.googleapis.com/workloadIdentityPools",
        f"{POOLS}/*/providers": "iam.googleapis.com/workloadIdentityPoolProviders"}),
    ("cloudscheduler", ALL, {f"{PLACED}/jobs": "cloudscheduler.jobs"}),
    ("certificatemanager", ALL, {
        f"{PLACED}/certificates": "certificatemanager.certs",
        f"{PLACED}/certificateMaps": "certificatemanager.certmaps",
        f"{PLACED}/certificateMaps/*/certificateMapEntries": "certificatemanager.certmapentries",
        f"{PLACED}/dnsAuthorizations": "certificatemanager.dnsauthorizations"}),
    ("serviceusage", "list get", {"projects/*/services": "serviceusage.services"}),
    ("cloudresourcemanager", "get setIamPolicy", {"projects": "resourcemanager.projects"}),
    ("secretmanager", "getIamPolicy setIamPolicy", {"projects/*/secrets": "secretmanager.secrets"}),
]
# What a method needs in addition.
BESIDES = {
    **{f"{method} {PLACED}/{collection}{one}": ["iam.serviceAccounts.actAs"]
        for collection in ("services", "jobs") for method, one in (("run POST", ""), ("run PATCH", "/*"))},
    **{f"cloudscheduler {method}": ["iam.serviceAccounts.actAs"]
        for method in (f"POST {PLACED}/jobs", f"PATCH {PLACED}/jobs/*")},
    f"compute POST {REGIONAL}/instanceTemplates": ["iam.serviceAccounts.actAs"],
    f"compute POST {REGIONAL}/instanceGroupManagers": [f"compute.{right}" for right in (
        "disks.create", "images.useReadOnly", "instances.create", "instances.setMetadata", "subnetworks.use")],
    f"certificatemanager POST {PLACED}/certificates": ["certificatemanager.dnsauthorizations.use"],
    f"certificatemanager POST {PLACED}/certificateMaps/*/certificateMapEntries": ["certificatemanager.certs.use"],
}
# Methods that do not follow this pattern.
OTHERS = {
    "compute GET projects/*": ["compute.projects.get"],
    f"compute GET {REGIONAL}": ["compute.regions.get"],
    f"compute GET {GLOBAL}/operations/*": ["compute.globalOperations.get"],
    f"compute GET {REGIONAL}/operations/*": ["compute.regionOperations.get"],
    f"compute GET {GLOBAL}/securityPolicies/*/getRule": ["compute.securityPolicies.get"],
    **{f"compute POST {GLOBAL}/securityPolicies/*/{verb}Rule": ["compute.securityPolicies.update"]
        for verb in ("add", "patch", "remove")},
    f"compute POST {GLOBAL}/backendServices/*/setSecurityPolicy": ["compute.backendServices.setSecurityPolicy"],
    "compute POST projects/*/targetHttpProxies/*/setUrlMap": ["compute.targetHttpProxies.setUrlMap"],
    f"compute GET {GLOBAL}/images/family/*": ["compute.images.getFromFamily"],
    f"compute GET {REGIONAL}/instanceGroups/*": ["compute.instanceGroups.get"],
    f"compute POST {REGIONAL}/instanceGroupManagers/*/resize": ["compute.instanceGroupManagers.update"],
    f"compute POST {REGIONAL}/instanceGroupManagers/*/listManagedInstances": ["compute.instanceGroupManagers.get"],
    f"compute GET {REGIONAL}/instanceGroupManagers/*/listErrors": ["compute.instanceGroupManagers.get"],
    f"run POST {PLACED}/jobs/*:run": ["run.jobs.run"],
    f"run GET {PLACED}/operations/*": ["run.operations.get"],
    "storage GET b/*/anywhereCaches": ["storage.anywhereCaches.list"],
    "storage GET b/*/iam": ["storage.buckets.getIamPolicy"],
    "storage PUT b/*/iam": ["storage.buckets.setIamPolicy"],
    f"artifactregistry GET {PLACED}/operations/*": [],
    "iam POST projects/*/serviceAccounts/*:getIamPolicy": ["iam.serviceAccounts.getIamPolicy"],
    f"iam GET {POOLS}/*:listAttestationRules": ["iam.googleapis.com/workloadIdentityPools.get"],
    f"iam GET {POOLS}/*/providers/*:listAttestationRules": ["iam.googleapis.com/workloadIdentityPoolProviders.get"],
    f"cloudscheduler POST {PLACED}/jobs/*:resume": ["cloudscheduler.jobs.enable"],
    f"cloudscheduler POST {PLACED}/jobs/*:pause": ["cloudscheduler.jobs.pause"],
    f"certificatemanager GET {PLACED}/operations/*": ["certificatemanager.operations.get"],
    "dns GET projects/*/managedZones/*": ["dns.managedZones.get"],
    "dns GET projects/*/managedZones/*/rrsets": ["dns.resourceRecordSets.list"],
    "dns GET projects/*/managedZones/*/rrsets/*/*": ["dns.resourceRecordSets.get"],
    "dns GET projects/*/managedZones/*/changes/*": ["dns.changes.get"],
    "dns POST projects/*/managedZones/*/changes": ["dns.changes.create", "dns.resourceRecordSets.create",
        "dns.resourceRecordSets.delete"],
    "serviceusage POST projects/*/services:batchEnable": ["serviceusage.services.enable"],
    "serviceusage POST projects/*/services/*:enable": ["serviceusage.services.enable"],
    "serviceusage GET operations/*": ["serviceusage.operations.get"],
    "cloudresourcemanager POST projects/*:getIamPolicy": ["resourcemanager.projects.getIamPolicy"],
    "cloudresourcemanager POST projects/*:testIamPermissions": [],
}
METHODS = {**OTHERS, **{
    f"{api} {method} {collection}{one}": [f"{stem}.{right}" for right in rights]
    + BESIDES.get(f"{api} {method} {collection}{one}", [])
    for api, verbs, collections in COLLECTIONS for collection, stem in collections.items()
    for method, one, rights in map(VERBS.get, verbs.split())
}}
PERMISSIONS = sorted({permission for permissions in METHODS.values() for permission in permissions})
PROJECT, ACCOUNT = "resourcemanager.projects.get", "iam.serviceAccounts"
SERVICES = "serviceusage.services.[gl]*"  # get and list
# Role to its permissions. A star covers only what methods need: look a role up again when you add a method.
HELD = {
    "artifactregistry.reader": ["artifactregistry.*.get", "artifactregistry.*.list", PROJECT],
    "artifactregistry.writer": ["artifactregistry.*.get", "artifactregistry.*.list", PROJECT],
    "certificatemanager.viewer": ["certificatemanager.*.get", "certificatemanager.*.list", PROJECT],
    "certificatemanager.owner": ["certificatemanager.*", PROJECT],
    "cloudscheduler.viewer": ["cloudscheduler.*.get", "cloudscheduler.*.list", PROJECT, SERVICES],
    "cloudscheduler.admin": ["cloudscheduler.*", PROJECT, SERVICES],
    "compute.viewer": ["compute.*.get", "compute.*.list", "compute.images.getFromFamily", PROJECT, SERVICES],
    "compute.admin": ["compute.*", PROJECT, SERVICES],
    "dns.reader": ["dns.*.get", "dns.*.list", "compute.networks.get", PROJECT],
    "dns.admin": ["dns.*", "compute.networks.get", "compute.networks.list", PROJECT],
    "iam.securityReviewer": ["*.getIamPolicy", "iam.roles.get", f"{ACCOUNT}.get", "storage.buckets.list",
        "storage.objects.list", *(f"{service}.*.list" for service in ("artifactregistry", "certificatemanager",
            "cloudscheduler", "compute", "dns", "iam", "monitoring", "run", "serviceusage"))],
    "iam.serviceAccountCreator": [f"{ACCOUNT}.create", f"{ACCOUNT}.get", f"{ACCOUNT}.list", PROJECT],
    "iam.serviceAccountDeleter": [f"{ACCOUNT}.delete", f"{ACCOUNT}.get", f"{ACCOUNT}.list", PROJECT],
    "iam.serviceAccountUser": [f"{ACCOUNT}.actAs", f"{ACCOUNT}.get", f"{ACCOUNT}.list", PROJECT],
    "iam.workloadIdentityUser": [f"{ACCOUNT}.get", f"{ACCOUNT}.list"],
    "logging.logWriter": [],
    "monitoring.metricWriter": [],
    "monitoring.viewer": ["monitoring.*.get", "monitoring.*.list", PROJECT],
    "monitoring.editor": ["monitoring.*", "serviceusage.services.enable", "serviceusage.services.get", PROJECT],
    "run.viewer": ["run.*.get", "run.*.list", "run.*.getIamPolicy", PROJECT],
    "run.admin": ["run.*", PROJECT],
    "run.invoker": ["run.jobs.run"],
    "secretmanager.secretAccessor": [PROJECT],
    "serviceusage.serviceUsageViewer": ["serviceusage.*.get", "serviceusage.*.list"],
    "serviceusage.serviceUsageAdmin": ["serviceusage.*"],
    "storage.legacyBucketReader": ["storage.buckets.get", "storage.objects.list"],
    "storage.objectViewer": ["storage.objects.get", "storage.objects.list", PROJECT],
    "storage.objectAdmin": ["storage.objects.*", PROJECT],
    "storage.admin": ["storage.*", PROJECT],
}
ROLES = {f"roles/{role}": [permission for permission in PERMISSIONS
    if any(fnmatch.fnmatchcase(permission, held) for held in patterns)] for role, patterns in HELD.items()}
# As GoogleRights.java expects it.
TABLE = {"methods": METHODS, "roles": ROLES}
