# Has no rights: the module that owns a registry or store grants them.
resource "azurerm_user_assigned_identity" "this" {
  name                = var.name
  resource_group_name = var.place.resource_group
  location            = var.place.location
}
