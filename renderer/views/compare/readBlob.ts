import type { LabStore } from '../../lab/store.svelte.ts'

/** A whole blob of the workspace, fetched piece by piece. */
export async function readBlob(lab: LabStore, hash: string, type: string): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let offset = 0; ;) {
    const { bytes, size } = await lab.call('blob', { hash, offset })
    const part = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))
    parts.push(part)
    offset += part.length
    if (offset >= size || part.length === 0) return new Blob(parts, { type })
  }
}
