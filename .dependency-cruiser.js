/**
 * The house rules: four floors, imports only downward, no cycles, libraries stay in their rooms.
 * A folder on the same floor may be used only through its door (see CONTRIBUTING.md).
 * @type {import('dependency-cruiser').IConfiguration}
 */
const floors = [
  ['base'],
  ['models', 'engines', 'hosts', 'card', 'images'],
  ['deploy', 'health', 'capacity', 'monitor', 'watch', 'gateway', 'agent', 'bench', 'eval', 'provision'],
  ['commands', 'cli', 'console'],
];
const inside = (rooms) => `^src/(${rooms.join('|')})/`;

const upward = floors.slice(0, -1).map((rooms, index) => ({
  name: `floor-${index + 1}-imports-only-down`,
  comment: 'A lower floor must not know a higher one; pass an interface in instead.',
  severity: 'error',
  from: {path: inside(rooms)},
  to: {path: inside(floors.slice(index + 1).flat())},
}));

/** Libraries whose types must not leave the folder that hides them. */
const hidden = {
  'node-llama-cpp': '^src/engines/embedded/',
  '@huggingface/jinja': '^src/engines/embedded/',
  systeminformation: '^src/card/',
  '@oclif/core': '^src/(cli|commands)/',
  yaml: '^src/deploy/config/',
  dockerode: '^src/hosts/',
  ssh2: '^src/hosts/ssh/',
  '@types/ssh2': '^src/hosts/ssh/',
  'ssh-config': '^src/hosts/ssh/',
  'docker-modem': '^src/hosts/',
  'tar-stream': '^src/(hosts|images)/',
};

export default {
  forbidden: [
    ...upward,
    {
      name: 'neighbours-use-the-door',
      comment: "Another folder's inside is private: import its door (index.ts).",
      severity: 'error',
      from: {path: '^src/([^/]+)/', pathNot: '^src/(base|commands|cli)/'},
      to: {
        path: '^src/(?!base/)[^/]+/.+',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/index\\.ts$',
          '^src/compose\\.ts$',
          // What the watch needs of them: it must stay small, and the front doors bring everything with them.
          '^src/(hosts/neighbours/hold|capacity/(guard|leases))/index\\.ts$',
        ],
      },
    },
    {
      name: 'only-commands-compose',
      comment: 'compose.ts builds the parts; only the top floor may ask for them.',
      severity: 'error',
      from: {path: '^src/', pathNot: '^src/(commands|cli)/'},
      to: {path: '^src/compose\\.ts$'},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: {circular: true},
    },
    {
      name: 'no-folder-cycles',
      scope: 'folder',
      severity: 'error',
      from: {path: '^src/[^/]+$'},
      to: {circular: true},
    },
    {
      name: 'source-does-not-import-tests',
      severity: 'error',
      from: {path: '^src/'},
      to: {path: '^(test|scripts)/'},
    },
    ...Object.entries(hidden).map(([library, room]) => ({
      name: `${library}-stays-in-its-room`,
      severity: 'error',
      from: {path: '^src/', pathNot: room},
      to: {path: `node_modules/${library}/`},
    })),
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    tsPreCompilationDeps: true,
    tsConfig: {fileName: 'tsconfig.json'},
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
