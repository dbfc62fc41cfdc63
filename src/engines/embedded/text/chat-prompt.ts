import {randomBytes} from 'node:crypto';
import {Template} from '@huggingface/jinja';
import {badRequest} from '../api/errors.ts';
import type {ChatMessage} from '../api/requests.ts';
import {cutAtMarkers, markSpecialTexts} from './neutralise.ts';

export interface ChatTemplate {
  /** `tokenizer.chat_template` of the GGUF file. */
  source: string;
  bosToken: string;
  eosToken: string;
  /** Texts that the tokenizer would turn into control tokens. */
  specials: readonly string[];
}

/**
 * Renders messages to the pieces of a prompt, with the model's own template. Special tokens are to be
 * recognised inside a piece, never across two.
 * @throws ApiError 400 with what the template says, for conversations that it does not accept.
 */
export function chatPrompter(template: ChatTemplate): (messages: readonly ChatMessage[]) => string[] {
  const compiled = new Template(template.source);
  return (messages) => {
    // Unguessable, or a content could bring markers of its own.
    const marker = `mark${randomBytes(16).toString('hex')}`;
    const marked = messages.map((message) => ({
      ...message,
      content: markSpecialTexts(message.content, template.specials, marker),
      ...(message.name !== undefined && {name: markSpecialTexts(message.name, template.specials, marker)}),
    }));
    let prompt: string;
    try {
      prompt = compiled.render({
        messages: marked,
        add_generation_prompt: true,
        bos_token: template.bosToken,
        eos_token: template.eosToken,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw badRequest(
        `The model's chat template refuses these messages: ${reason}`,
        'messages',
        'template_error',
      );
    }
    return cutAtMarkers(prompt, marker);
  };
}
