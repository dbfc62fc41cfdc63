import {
  chooseCard,
  cudaFits,
  isKnownXid,
  type CardFault,
  type CardRow,
  type Examination,
  type Xid,
} from '../../card/index.ts';
import type {Texts} from '../../base/texts/index.ts';
import type {DoctorCheckName, Finding} from './diagnosis.ts';

export type CardFinding = Finding & {name: Extract<DoctorCheckName, 'gpu' | 'cuda' | 'persistence' | 'xid'>};

/** The oldest CUDA of newer serving images (vLLM's default ones), where no image is named. */
const NEWER_IMAGES = '13.0';

export interface CardWish {
  /** Index or UUID of a card, when one was asked for. */
  card: string | undefined;
  /** CUDA version of the image that is to run, when there is one. */
  imageCuda?: string;
}

/** What to tell of a machine's cards. Without a card there is one line; it fails only who asked for one. Pure. */
export function cardFindings(seen: Examination, wish: CardWish): CardFinding[] {
  const wanted = wish.card !== undefined && wish.card !== 'cpu';
  switch (seen.state) {
    case 'none':
      return [
        wanted ? broken(seen.fault, true) : {name: 'gpu', state: 'pass', say: (t) => t.health.doctor.gpuNone},
      ];
    case 'fault':
      return [broken(seen.fault, wanted), ...(seen.xids.length > 0 ? [xidFinding(seen.xids)] : [])];
    case 'cards': {
      const card = chooseCard(seen.cards, wanted ? wish.card : undefined);
      return [
        gpuFinding(seen, card, wish.card),
        cudaFinding(seen, wish.imageCuda),
        ...(card?.persistence === undefined ? [] : [persistenceFinding(card)]),
        xidFinding(seen.xids),
      ];
    }
  }
}

const broken = (fault: CardFault, wanted: boolean): CardFinding => ({
  name: 'gpu',
  state: wanted ? 'fail' : 'warn',
  say: fault.what,
  try: fault.try,
});

type Cards = Extract<Examination, {state: 'cards'}>;

function gpuFinding({cards, fault}: Cards, card: CardRow | undefined, wanted = ''): CardFinding {
  if (!card) {
    return {
      name: 'gpu',
      state: 'fail',
      say: (t) => t.health.doctor.gpuOther({wanted, list: listOf(cards)}),
      try: ['nvidia-smi -L'],
    };
  }
  if (card.lost || card.resetRequired || card.recovery !== undefined) {
    const what = card.lost ? ('lost' as const) : ('reset-required' as const);
    return {
      name: 'gpu',
      state: 'fail',
      say: (t) => t.card.fault[what].what({detail: ''}),
      try: card.lost ? ['sudo reboot'] : ['sudo nvidia-smi --gpu-reset', 'sudo reboot'],
    };
  }
  if (fault) return broken(fault, false);
  const list = listOf(cards);
  return {name: 'gpu', state: 'pass', say: (t) => t.health.doctor.gpuOk({list})};
}

const listOf = (cards: readonly CardRow[]): string =>
  cards.map(({index, name}) => `${index}: ${name}`).join(', ');

function cudaFinding({versions}: Cards, imageCuda: string | undefined): CardFinding {
  const {driver = '?', cudaCeiling = '?'} = versions;
  const verdict = cudaFits(versions, imageCuda ?? NEWER_IMAGES);
  const named = {driver, ceiling: cudaCeiling, image: imageCuda ?? NEWER_IMAGES};
  const needed = 'neededDriver' in verdict ? verdict.neededDriver : undefined;
  const fix = ['sudo apt install nvidia-driver'];
  switch (verdict.state) {
    case 'fits':
    case 'unknown':
      return {name: 'cuda', state: 'pass', say: (t) => t.health.doctor.cudaOk(named)};
    case 'minor':
      return {name: 'cuda', state: 'warn', say: (t) => t.health.doctor.cudaMinor(named), try: fix};
    case 'too-old':
      return {
        name: 'cuda',
        // With no image at hand it is only a limit on what can be deployed.
        state: imageCuda === undefined ? 'warn' : 'fail',
        say: (t) => t.health.doctor.cudaOld({...named, needed}),
        try: fix,
      };
  }
}

const persistenceFinding = ({persistence, index}: CardRow): CardFinding =>
  persistence
    ? {name: 'persistence', state: 'pass', say: (t) => t.health.doctor.persistenceOn}
    : {
        name: 'persistence',
        state: 'warn',
        say: (t) => t.health.doctor.persistenceOff,
        try: [`sudo nvidia-smi -i ${index} -pm 1`, 'sudo systemctl enable --now nvidia-persistenced'],
      };

/** Only what asks for a reset or a restart is a warning; a program's own mistakes are its own affair. */
function xidFinding(xids: readonly Xid[] | undefined): CardFinding {
  if (!xids) return {name: 'xid', state: 'pass', say: (t) => t.health.doctor.xidsClosed};
  const last = new Map(xids.map((xid) => [xid.code, xid]));
  const grave = [...last.values()].filter(({remedy}) => remedy === 'reset' || remedy === 'reboot');
  if (grave.length === 0) {
    return {name: 'xid', state: 'pass', say: (t) => t.health.doctor.xidsNone({count: xids.length})};
  }
  const describe = (t: Texts): string =>
    grave
      .map(({code, remedy}) => {
        const meaning = isKnownXid(code) ? t.card.xid[`x${code}`] : t.card.xid.other;
        return t.health.doctor.xid({code, meaning, remedy: t.card.remedy[remedy]});
      })
      .join('; ');
  return {
    name: 'xid',
    state: 'warn',
    say: (t) => t.health.doctor.xidsFound({list: describe(t)}),
    try: ["sudo dmesg | grep -E 'NVRM|Xid'"],
  };
}
