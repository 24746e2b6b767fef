import { Unzip, UnzipInflate, unzipSync } from 'fflate'
import { UserError } from '../../../core/errors.ts'
import { refuseBomb } from './xml.ts'

/**
 * A zip archive from a stranger. What its directory promises is checked before anything is unpacked, and what really
 * comes out is counted while it is unpacked, since a directory may lie.
 */
const MAX_BYTES = 512 * 2 ** 20
const MAX_RATIO = 200
const MAX_ENTRIES = 10_000
/** Small slices: one slice of zeros can grow a thousandfold before anyone counts. */
const SLICE = 16_384

export type Archive = { who: string; bytes: Uint8Array; sizes: Map<string, number> }

export function openZip(who: string, bytes: Uint8Array): Archive {
  const sizes = new Map<string, number>()
  let total = 0
  try {
    unzipSync(bytes, {
      filter({ name, originalSize }) {
        sizes.set(name, originalSize)
        total += originalSize
        return false
      },
    })
  } catch {
    refuseDamaged(who, 'a directory that cannot be read')
  }
  if (sizes.size > MAX_ENTRIES) refuseBomb(who, `an archive of ${sizes.size} parts`)
  if (total > limitFor(bytes.length)) refuseBomb(who, `${megabytes(total)} packed into ${megabytes(bytes.length)}`)
  return { who, bytes, sizes }
}

/** Feeds the text of one part piece by piece. */
export function readPart(archive: Archive, part: string, feed: (text: string) => void): void {
  const decoder = new TextDecoder('utf-8')
  readPieces(archive, part, (data, final) => feed(decoder.decode(data, { stream: !final })))
}

/** The bytes of one part. */
export function readBytes(archive: Archive, part: string): Uint8Array {
  const pieces: Uint8Array[] = []
  readPieces(archive, part, (data) => pieces.push(data))
  return Buffer.concat(pieces)
}

function readPieces(archive: Archive, part: string, feed: (data: Uint8Array, final: boolean) => void): void {
  const { bytes, who } = archive
  const limit = limitFor(bytes.length)
  let size = 0
  let done = false
  const unzip = new Unzip((file) => {
    if (file.name !== part || done) return
    file.ondata = (error, data, final) => {
      if (error) throw error
      size += data.length
      if (size > limit) refuseBomb(who, `more than ${megabytes(limit)} out of ${megabytes(bytes.length)}`)
      feed(data, final)
      if (final) done = true
    }
    file.start()
  })
  unzip.register(UnzipInflate)
  try {
    for (let at = 0; at < bytes.length && !done; at += SLICE)
      unzip.push(bytes.subarray(at, at + SLICE), at + SLICE >= bytes.length)
  } catch (error) {
    if (error instanceof UserError) throw error
    refuseDamaged(who, `${part}: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!done) refuseDamaged(who, `${part} without its end`)
}

function refuseDamaged(who: string, got: string): never {
  throw new UserError({
    code: 'import.damaged',
    who,
    rule: 'The file must be a whole zip archive.',
    got,
    remedy: 'Copy or download the file again, or save it again in the program that made it.',
  })
}

const limitFor = (packed: number) => Math.min(MAX_BYTES, Math.max(4 * 2 ** 20, packed * MAX_RATIO))
const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MB`
