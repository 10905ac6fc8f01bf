// The door of tenants: many logs of one declaration.
export { DueWork } from './due-work.ts'
export { assertRoomForTwo, type CheckedTenants, checkedTenants, type TenantsOptions } from './options.ts'
export { tenantSystem } from './tenant-system.ts'
export { type TenantNotice, Tenants } from './tenants.ts'
