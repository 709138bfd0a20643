data "azurerm_client_config" "current" {}

locals {
  # Maps the title of each graph to its metrics. Azure numbers statistics: 1 sum, 3 maximum, 4 average.
  graphs = {
    "1 Requests a minute"                   = [merge(local.gateway, { metric = "TotalRequests", statistic = 1 })]
    "2 Responses of 400 and above a minute" = [merge(local.gateway, { metric = "FailedRequests", statistic = 1 })]
    "3 Response time, milliseconds" = [
      for metric in ["ApplicationGatewayTotalTime", "BackendLastByteResponseTime"] : merge(local.gateway, { metric = metric, statistic = 4 })
    ]
    "4 Gateway finds the service healthy" = [
      for metric in ["HealthyHostCount", "UnhealthyHostCount"] : merge(local.gateway, { metric = metric, statistic = 4 })
    ]
    "5 Instances" = [merge(local.service, { metric = "Replicas", statistic = 3 })]
    "6 Load in percent" = [
      for metric in ["CpuPercentage", "MemoryPercentage"] : merge(local.service, { metric = metric, statistic = 4 })
    ]
  }

  # On a gateway with several services, maps the first character of a graph's title to its filter.
  filters = var.backend == null ? {} : {
    for graph, dimension in { "1" = local.pool, "2" = local.pool, "3" = { Listener = [var.backend] }, "4" = local.pool } :
    graph => [for key, values in dimension : { key = key, operator = 0, values = values }]
  }

  heading = {
    position = { x = 0, y = 0, colSpan = 18, rowSpan = 1 }
    metadata = {
      type     = "Extension/HubsExtension/PartType/MarkdownPart"
      inputs   = []
      settings = { content = { settings = { content = "**${var.name}** serves [${var.url}](${var.url})", title = "", subtitle = "" } } }
    }
  }

  charts = [for index, title in keys(local.graphs) : {
    position = { x = 6 * (index % 3), y = 1 + 4 * floor(index / 3), colSpan = 6, rowSpan = 4 }
    metadata = {
      type   = "Extension/HubsExtension/PartType/MonitorChartPart"
      inputs = [{ name = "options", isOptional = true }, { name = "sharedTimeRange", isOptional = true }]
      settings = { content = { options = { chart = merge(try({ filterCollection = { filters = local.filters[substr(title, 0, 1)] } }, {}), {
        title         = substr(title, 2, -1)
        titleKind     = 1
        visualization = { chartType = 2 }
        metrics = [for metric in local.graphs[title] : {
          resourceMetadata    = { id = metric.scope }
          namespace           = lower(metric.namespace)
          name                = metric.metric
          aggregationType     = metric.statistic
          metricVisualization = { displayName = metric.metric }
        }]
      }) } } }
    }
  }]
}

# Dashboards are free.
resource "azurerm_portal_dashboard" "this" {
  name                = var.name
  resource_group_name = var.place.resource_group
  location            = var.place.location

  dashboard_properties = jsonencode({
    lenses = { "0" = { order = 0, parts = { for index, part in concat([local.heading], local.charts) : tostring(index) => part } } }
    metadata = { model = { timeRange = {
      type  = "MsPortalFx.Composition.Configuration.ValueTypes.TimeRange"
      value = { relative = { duration = 24, timeUnit = 1 } }
    } } }
  })
}
