// What is wrong with a node, and what can be done about it.
import { escapeControls } from '../state/escape';
import { withoutWord } from '../state/fleet';
import type { NodeEntry } from '../state/protocol';
import { link } from '../state/route';
import { Code } from './parts';

/** Of a node that the fleet refuses: this page cannot do it, as an invitation is a secret. */
function WayBack({ id, node }: { id: string; node: NodeEntry }) {
  return (
    <li class="plain">
      To have it back, give it a new certificate: <Code>{`p2p-ca invite ${id} --role ${node.role}`}</Code> where the CA is; then, with the node stopped,{' '}
      <Code>p2p-node join --force</Code> there. If it is gone for good, do nothing: within ten minutes it is off this page.{' '}
      <a href={link('certificates', undefined, { q: id, state: 'all' })}>Its certificates →</a>
    </li>
  );
}

/** The node's word, such as "suspected", stands beside its name. */
export function NodeProblems({ id, node, class: more = '' }: { id: string; node: NodeEntry; class?: string }) {
  return (
    <ul class={`reasons ${more}`}>
      {node.problems?.map((problem) => (
        <li key={problem}>{escapeControls(withoutWord(problem, node))}</li>
      ))}
      {node.certificate?.state === 'revoked' && <WayBack id={id} node={node} />}
    </ul>
  );
}
