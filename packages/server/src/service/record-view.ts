import type { RecordRow } from "../storage/storage.ts";

/**
 * A record as the Runtype API shows it. There are no users, organizations, product surfaces, labels or schemas here: an
 * environment stands for user and organization, always under the same ids, and the rest is empty.
 */
export function recordView(record: RecordRow) {
  return {
    id: record.id,
    type: record.type,
    name: record.name,
    // Only JSON.stringify writes these columns.
    metadata: JSON.parse(record.metadata) as unknown,
    messages: record.messages === null ? null : (JSON.parse(record.messages) as unknown),
    userId: `user_${record.environment}`,
    organizationId: `org_${record.environment}`,
    productSurfaceId: null,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    metadataLabels: {},
    metadataSchema: {},
  };
}
