import '../../../renderer/zod.ts'
import '../../../renderer/style/tokens.css'
import '../../../renderer/style/base.css'
import { mount } from 'svelte'
import App from '../../../renderer/App.svelte'
import { LabStore } from '../../../renderer/lab/store.svelte.ts'
import type { Host } from '../../../renderer/lab/connect.ts'
import { fakeLab } from './fakeLab.ts'

const client = { ...fakeLab(), onConnection: (watch: (c: string) => void) => (watch('open'), () => {}) }
const host = {
  client,
  bridge: null,
  fileRef: async (file: File) => ({ upload: 'u', name: file.name }),
} as unknown as Host
mount(App, { target: document.getElementById('app') as HTMLElement, props: { store: new LabStore(host) } })
