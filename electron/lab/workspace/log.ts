import fs from 'node:fs'

/**
 * Reads SQLite's write-ahead log only to say whether it is damaged. SQLite itself takes every commit before the first
 * bad frame and silently drops the rest; that is right for the unfinished tail that a crash leaves, but when whole
 * commits lie behind the bad frame a person must be told.
 * Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
export type LogState = { frames: number; commits: number; lostCommits: number; damaged: boolean }

const HEADER = 32
const FRAME = 24

export function inspectLog(file: string): LogState | null {
  if (!fs.existsSync(file)) return null
  const bytes = fs.readFileSync(file)
  if (bytes.length === 0) return null
  const nothing = { frames: 0, commits: 0 }
  if (bytes.length < HEADER) return { ...nothing, lostCommits: 0, damaged: false }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const magic = view.getUint32(0)
  const littleEndian = magic === 0x377f0682
  const pageSize = view.getUint32(8)
  const sums = (from: number, to: number, s: [number, number]): [number, number] => {
    let [a, b] = s
    for (let i = from; i < to; i += 8) {
      a = (a + view.getUint32(i, littleEndian) + b) >>> 0
      b = (b + view.getUint32(i + 4, littleEndian) + a) >>> 0
    }
    return [a, b]
  }
  const plausible = pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0
  const head = sums(0, 24, [0, 0])
  if ((!littleEndian && magic !== 0x377f0683) || !plausible) return { ...nothing, lostCommits: 1, damaged: true }
  if (head[0] !== view.getUint32(24) || head[1] !== view.getUint32(28))
    return { ...nothing, lostCommits: 1, damaged: true }

  const size = FRAME + pageSize
  const count = Math.floor((bytes.length - HEADER) / size)
  const salts = [view.getUint32(16), view.getUint32(20)]
  let sum = head
  let frames = 0
  let commits = 0
  let whole = true
  let lostCommits = 0
  for (let i = 0; i < count; i++) {
    const at = HEADER + i * size
    const ours = view.getUint32(at + 8) === salts[0] && view.getUint32(at + 12) === salts[1]
    const commit = view.getUint32(at + 4) !== 0
    if (whole && ours) {
      sum = sums(at + FRAME, at + size, sums(at, at + 8, sum))
      whole = sum[0] === view.getUint32(at + 16) && sum[1] === view.getUint32(at + 20)
      if (whole) {
        frames++
        if (commit) commits++
        continue
      }
    }
    // Frames of an earlier round of the log carry other salts and mean nothing.
    whole = false
    if (ours && commit) lostCommits++
  }
  return { frames, commits, lostCommits, damaged: lostCommits > 0 }
}
