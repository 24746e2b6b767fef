import { open, stat } from 'node:fs/promises'
import type { ImportProgress, ImportWarning, Preview, ReadOptions } from '../../../core/data/reading.ts'
import type { Why } from '../../../core/data/summary.ts'
import type { Column, NamedTensor } from '../../../core/data/table.ts'
import { UserError } from '../../../core/errors.ts'

/** A file given to the importer, with its first bytes so that `match` can look inside without opening it again. */
export type Source = { path: string; name: string; size: number; head: Uint8Array }

/** What a reader hands back: columns without a hash, and the options that were really used. */
export type ReadTable = {
  rows: number
  columns: Column[]
  /** Images beside the columns. */
  tensors?: NamedTensor[]
  /** [column] */
  why: Why[]
  warnings: ImportWarning[]
  read: ReadOptions
  suggestedTargets?: string[]
}

export type Host = {
  /** Images alone will do: they are to be predicted. */
  bare?: boolean
  progress(phase: ImportProgress['phase'], done: number): void
  /** A directory of this import alone, made on first use and removed when the import ends however it ends. */
  scratch(): Promise<string>
}

/** A file format: `match` looks at names and first bytes, `open` reads all, `preview` the first rows. */
export interface Format {
  id: Preview['format']
  match(files: Source[]): boolean
  open(files: Source[], read: ReadOptions, host: Host): Promise<ReadTable>
  preview(files: Source[], read: ReadOptions, host: Host): Promise<Preview>
}

const HEAD = 65_536

export async function sources(files: { path: string; name: string }[]): Promise<Source[]> {
  return Promise.all(
    files.map(async ({ path, name }) => {
      const info = await stat(path).catch(() => null)
      if (!info?.isFile())
        throw new UserError({
          code: 'import.not-found',
          who: name,
          rule: 'The file must exist and be readable.',
          got: info ? 'a folder or device' : 'nothing at that place',
          remedy: 'Check the path, or drop the file on the window.',
        })
      if (info.size === 0)
        throw new UserError({
          code: 'import.empty',
          who: name,
          rule: 'A file must hold a table.',
          got: 'an empty file (0 bytes)',
          remedy: 'Save the table again and check its size.',
        })
      const file = await open(path, 'r')
      try {
        const head = new Uint8Array(Math.min(HEAD, info.size))
        await file.read(head, 0, head.length, 0)
        return { path, name, size: info.size, head }
      } finally {
        await file.close()
      }
    }),
  )
}

export function refuseSeveral(files: Source[]): never {
  throw new UserError({
    code: 'import.one-file',
    who: files.map((file) => file.name).join(', '),
    rule: 'A table comes from one file (or an ARFF file with its XML).',
    got: `${files.length} files`,
    remedy: 'Open them one after the other.',
  })
}
