import { existsSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import type { FileFilter } from 'electron'
import type { words } from './words.ts'

/** Files on the command line of a start: what the operating system says when a file is opened with Engram. */
export const OPENABLE = ['engram', 'csv', 'tsv', 'txt', 'xlsx', 'arff', 'xml', 'npz', 'npy']

/** `args` without the program itself; switches and what is no file are left aside. */
export function filesIn(args: string[], folder: string): string[] {
  return args
    .filter((arg) => !arg.startsWith('-') && OPENABLE.includes(extname(arg).slice(1).toLowerCase()))
    .map((arg) => resolve(folder, arg))
    .filter((path) => existsSync(path))
}

export const isWorkspace = (path: string) => extname(path).toLowerCase() === '.engram'

type W = ReturnType<typeof words>
export const openFilters = (w: W): FileFilter[] => [
  { name: `${w('tables')}, ${w('workspace')}`, extensions: OPENABLE },
  { name: w('workspace'), extensions: ['engram'] },
  { name: w('allFiles'), extensions: ['*'] },
]

export function saveFilters(w: W, name: string): FileFilter[] {
  const extension = extname(name).slice(1)
  if (!extension) return [{ name: w('allFiles'), extensions: ['*'] }]
  return [{ name: extension === 'engram' ? w('workspace') : extension.toUpperCase(), extensions: [extension] }]
}
