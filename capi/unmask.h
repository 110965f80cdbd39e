/* Unmask: masked-diffusion language models on any Vulkan GPU. The whole C interface; C99 and C++.
 *
 * A minute's tour:
 *
 *   unmask_device*  device  = unmask_device_open(NULL);                  the best GPU, or UNMASK_DEVICE
 *   unmask_model*   model   = unmask_model_open(device, "path/to/model");
 *   unmask_options* options = unmask_options_create();
 *   unmask_options_set_integer(options, "length", 32);
 *   unmask_session* session = unmask_session_create(model, options);
 *   unmask_session_set_chat(session, "Tom has 3 apples and buys 4 more. How many does he have now?");
 *   unmask_decoder* decoder = unmask_decoder_create(&session, 1, "vanilla");
 *   unmask_progress progress;
 *   unmask_progress_init(&progress);
 *   while (unmask_decoder_step(decoder, &progress) == UNMASK_OK && !progress.finished) continue;
 *   puts(unmask_session_text(session));
 *
 * Errors. A function that makes an object returns NULL on failure; most others return an unmask_status, 0
 * when all is well. Either way unmask_last_error() has a sentence that says what is wrong, where, and what to
 * do about it. Nothing aborts, nothing throws. Functions accept NULL objects and return invalid_argument for
 * them.
 *
 * Ownership. Every object returned by a function named _create or _open is yours, and goes with the _destroy
 * function of its type (which accepts NULL). Objects keep what they were made from alive: destroy a device,
 * its models, their sessions and decoders in any order. A `const char*` that is returned belongs to the
 * library; its comment says how long it stays. Pointers that you pass are read, or written, during the call
 * and never kept.
 *
 * Threads. Devices and models may be shared by all threads. Options, messages, sessions and decoders serve
 * one thread at a time, and while a decoder has a session, both count as one object; a call that comes in
 * while another is under way returns wrong_state. unmask_decoder_cancel() may be called from any thread at
 * any time.
 *
 * Growable structs begin with struct_size. Fill them with their _init function, which also sets struct_size;
 * the library reads and writes no more than that many bytes, so that old callers and new libraries go
 * together.
 */
#ifndef UNMASK_H
#define UNMASK_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(UNMASK_BUILD)
#define UNMASK_API __declspec(dllexport)
#else
#define UNMASK_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define UNMASK_API __attribute__((visibility("default")))
#else
#define UNMASK_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version, errors, log ------------------------------------------------------------------------------ */

#define UNMASK_VERSION_MAJOR 0
#define UNMASK_VERSION_MINOR 1
#define UNMASK_VERSION_PATCH 0

/* Of the library that is running: major * 10000 + minor * 100 + patch. */
UNMASK_API int32_t unmask_version(void);

typedef int32_t unmask_status;
enum unmask_status_code {
  UNMASK_OK = 0,
  UNMASK_INVALID_ARGUMENT = 1, /* NULL, out of range, contradictory options */
  UNMASK_WRONG_STATE = 2,      /* in the wrong order, or while another thread is in the object */
  UNMASK_NOT_FOUND = 3,        /* no such file, device, option or name */
  UNMASK_BAD_MODEL = 4,        /* a model file is damaged, truncated or hostile */
  UNMASK_UNSUPPORTED = 5,      /* valid, but not by this device, build or architecture */
  UNMASK_OUT_OF_MEMORY = 6,    /* host or device */
  UNMASK_DEVICE_LOST = 7,      /* the driver reset the device: destroy it and open it again */
  UNMASK_CANCELLED = 8,
  UNMASK_IO = 9,       /* the operating system refused to read or write */
  UNMASK_INTERNAL = 10 /* a defect of Unmask or of the driver; please report it */
};

/* "ok", "invalid_argument", ...; "unknown" for other numbers. Static. */
UNMASK_API const char* unmask_status_name(unmask_status status);

/* The status and the sentence of the last call that failed on this thread. The text stays until this thread's
 * next call into the library fails; a call that succeeds changes neither. */
UNMASK_API unmask_status unmask_last_status(void);
UNMASK_API const char* unmask_last_error(void);

typedef enum unmask_log_level {
  UNMASK_LOG_INFO = 0,
  UNMASK_LOG_WARNING = 1,
  UNMASK_LOG_ERROR = 2
} unmask_log_level;

/* `text` is valid during the call. Called from whichever thread has something to say, one at a time; it must
 * not call into the library. NULL: messages are dropped. Before the first call, warnings and errors go to
 * stderr. */
typedef void (*unmask_log_function)(void* user_data, int32_t level, const char* text);
UNMASK_API void unmask_log_set_sink(unmask_log_function sink, void* user_data);

/* ---- Devices ------------------------------------------------------------------------------------------- */

typedef struct unmask_device unmask_device;
typedef struct unmask_device_list unmask_device_list;

/* Every Vulkan device of this machine, usable or not. A snapshot. */
UNMASK_API unmask_device_list* unmask_device_list_create(void);
UNMASK_API void unmask_device_list_destroy(unmask_device_list* list);
UNMASK_API int32_t unmask_device_list_size(const unmask_device_list* list); /* 0 for NULL */

/* Of device `index`; empty, or 0, when there is no such device. The UUID is 32 hex digits; the type is
 * "discrete", "integrated", "virtual", "cpu" or "other"; memory counts device-local bytes. Texts stay as long
 * as the list. */
UNMASK_API const char* unmask_device_list_name(const unmask_device_list* list, int32_t index);
UNMASK_API const char* unmask_device_list_uuid(const unmask_device_list* list, int32_t index);
UNMASK_API const char* unmask_device_list_type(const unmask_device_list* list, int32_t index);
UNMASK_API const char* unmask_device_list_driver(const unmask_device_list* list, int32_t index);
UNMASK_API int64_t unmask_device_list_memory(const unmask_device_list* list, int32_t index);

/* Empty if the device can be used, else a sentence that says why not. */
UNMASK_API const char* unmask_device_list_refusal(const unmask_device_list* list, int32_t index);

/* What Unmask would use of device `index`, and why or why not: one sentence per feature. */
UNMASK_API int32_t unmask_device_list_feature_count(const unmask_device_list* list, int32_t index);
UNMASK_API const char* unmask_device_list_feature_name(const unmask_device_list* list, int32_t index,
                                                       int32_t feature);
UNMASK_API int32_t unmask_device_list_feature_used(const unmask_device_list* list, int32_t index,
                                                   int32_t feature);
UNMASK_API const char* unmask_device_list_feature_reason(const unmask_device_list* list, int32_t index,
                                                         int32_t feature);

/* `which`: an index ("0"), a part of a name ("radeon") or a UUID; NULL or "": the environment variable
 * UNMASK_DEVICE, else the fastest kind there is. */
UNMASK_API unmask_device* unmask_device_open(const char* which);
UNMASK_API void unmask_device_destroy(unmask_device* device);
UNMASK_API const char* unmask_device_name(const unmask_device* device);   /* stays as long as the device */
UNMASK_API const char* unmask_device_driver(const unmask_device* device); /* name and version; as above */

/* ---- Models -------------------------------------------------------------------------------------------- */

typedef struct unmask_model unmask_model;
typedef struct unmask_loader unmask_loader;

/* A Hugging Face folder (config.json, *.safetensors and, for text, tokenizer.json) or a GGUF file. Copies the
 * weights to the device. Immutable: any number of sessions, on any threads, share it. */
UNMASK_API unmask_model* unmask_model_open(unmask_device* device, const char* path);

/* The same in steps, for a progress display: step until *finished is 1, then take the model. Destroy the
 * loader in any case; destroying it earlier abandons the model. */
UNMASK_API unmask_loader* unmask_loader_create(unmask_device* device, const char* path);
UNMASK_API unmask_status unmask_loader_step(unmask_loader* loader, int32_t* finished);
UNMASK_API int64_t unmask_loader_bytes_done(const unmask_loader* loader);
UNMASK_API int64_t unmask_loader_bytes_total(const unmask_loader* loader);
UNMASK_API unmask_model* unmask_loader_take_model(unmask_loader* loader);
UNMASK_API void unmask_loader_destroy(unmask_loader* loader);

/* The types that weights come in: "f32", "f16", "bf16", "q8_0", "q4_0", "q4_k", "q6_k"; NULL where there is
 * none. Static. */
UNMASK_API int32_t unmask_weight_type_count(void);
UNMASK_API const char* unmask_weight_type_name(int32_t index);

/* Random weights of a given shape, for benchmarks. No tokenizer. */
typedef struct unmask_shape {
  uint32_t struct_size;
  int32_t hidden, layers, heads, kv_heads, ffn, vocabulary, positions;
  const char* dtype; /* of the matrices, see unmask_weight_type_name */
  int64_t seed;
} unmask_shape;
UNMASK_API void unmask_shape_init(unmask_shape* shape);
UNMASK_API unmask_model* unmask_model_create_random(unmask_device* device, const char* architecture,
                                                    const unmask_shape* shape);

UNMASK_API void unmask_model_destroy(unmask_model* model);

typedef struct unmask_model_info {
  uint32_t struct_size;
  int32_t hidden, layers, heads, kv_heads, head_dim, ffn, vocabulary, positions;
  int32_t mask_token, end_token; /* ids; -1 where texts have no end */
  int32_t has_tokenizer, has_chat;
  int64_t parameters;
  int64_t weight_bytes;   /* on the device */
  int32_t block_length;   /* of attention that is causal between blocks; 0: every position sees all others */
  int32_t shifted_logits; /* 1: row i of the logits predicts position i + 1, else position i */
} unmask_model_info;
UNMASK_API void unmask_model_info_init(unmask_model_info* info);
UNMASK_API unmask_status unmask_model_get_info(const unmask_model* model, unmask_model_info* info);
UNMASK_API const char* unmask_model_architecture(const unmask_model* model); /* stays as long as the model */
UNMASK_API const char* unmask_model_chat_format(const unmask_model* model); /* empty when unknown; as above */

/* Text to token ids. Returns how many there are, and writes the first `capacity` of them; -1 on failure.
 * Special tokens written in the text become their ids. `text` is UTF-8. */
UNMASK_API int64_t unmask_model_tokenize(const unmask_model* model, const char* text, int32_t* tokens,
                                         int64_t capacity);

/* The ids of one user message in the model's chat layout, ready to be answered. Special tokens written in the
 * message are plain text. Counts as unmask_model_tokenize does. */
UNMASK_API int64_t unmask_model_tokenize_chat(const unmask_model* model, const char* message, int32_t* tokens,
                                              int64_t capacity);

/* The messages of a conversation, oldest first; none at first. One thread at a time. */
typedef struct unmask_messages unmask_messages;
UNMASK_API unmask_messages* unmask_messages_create(void);
UNMASK_API void unmask_messages_destroy(unmask_messages* messages);

/* `role`: "system", "user" or "assistant". Both texts are copied. */
UNMASK_API unmask_status unmask_messages_add(unmask_messages* messages, const char* role,
                                             const char* content);

/* The ids of a conversation in the model's chat layout, ready to be answered: worked examples, say, and then
 * the question. Otherwise as unmask_model_tokenize_chat. */
UNMASK_API int64_t unmask_model_tokenize_messages(const unmask_model* model, const unmask_messages* messages,
                                                  int32_t* tokens, int64_t capacity);

/* Token ids to UTF-8, ended by a NUL. Returns its length without the NUL, and writes no more than `capacity`
 * bytes; -1 on failure. Special tokens are left out unless `keep_special` is 1. */
UNMASK_API int64_t unmask_model_detokenize(const unmask_model* model, const int32_t* tokens, int64_t count,
                                           int32_t keep_special, char* text, int64_t capacity);

/* Logits of `tokens` [count]: `logits` [count * vocabulary], row by row. `capacity` in floats. */
UNMASK_API unmask_status unmask_model_logits(const unmask_model* model, const int32_t* tokens, int64_t count,
                                             float* logits, int64_t capacity);

/* ---- Conversion ---------------------------------------------------------------------------------------- */

typedef struct unmask_converter unmask_converter;

/* From a Hugging Face folder to a GGUF file whose matrices have the given type, in steps: step until
 * *finished is
 * 1. The file appears under its name only then; destroying the converter earlier leaves nothing behind. Needs
 * no device. */
UNMASK_API unmask_converter* unmask_converter_create(const char* source, const char* destination,
                                                     const char* type);
UNMASK_API unmask_status unmask_converter_step(unmask_converter* converter, int32_t* finished);
UNMASK_API int64_t unmask_converter_bytes_done(const unmask_converter* converter); /* of the source */
UNMASK_API int64_t unmask_converter_bytes_total(const unmask_converter* converter);

/* What is not as asked for, in sentences: matrices that do not fit the type's blocks get a substitute. Texts
 * stay as long as the converter; empty when there is no such note. */
UNMASK_API int32_t unmask_converter_note_count(const unmask_converter* converter);
UNMASK_API const char* unmask_converter_note(const unmask_converter* converter, int32_t index);
UNMASK_API void unmask_converter_destroy(unmask_converter* converter);

/* ---- Options ------------------------------------------------------------------------------------------- */

typedef struct unmask_options unmask_options;

/* All at their defaults. Unknown names and values out of range are refused when they are set. */
UNMASK_API unmask_options* unmask_options_create(void);
UNMASK_API void unmask_options_destroy(unmask_options* options);
UNMASK_API unmask_status unmask_options_set_number(unmask_options* options, const char* name, double value);
UNMASK_API unmask_status unmask_options_set_integer(unmask_options* options, const char* name, int64_t value);
UNMASK_API unmask_status unmask_options_set_text(unmask_options* options, const char* name,
                                                 const char* value);

typedef enum unmask_option_kind {
  UNMASK_OPTION_NUMBER = 0,
  UNMASK_OPTION_INTEGER = 1,
  UNMASK_OPTION_FLAG = 2, /* an integer, 0 or 1 */
  UNMASK_OPTION_TEXT = 3
} unmask_option_kind;

/* The options there are, 0 to count - 1. Texts are static. */
UNMASK_API int32_t unmask_option_count(void);
UNMASK_API const char* unmask_option_name(int32_t index);
UNMASK_API int32_t unmask_option_get_kind(int32_t index); /* unmask_option_kind; -1: no such option */
UNMASK_API const char* unmask_option_description(int32_t index);
UNMASK_API const char* unmask_option_choices(int32_t index); /* of kind TEXT: "a|b|c"; else empty */
UNMASK_API const char* unmask_option_default_text(int32_t index);
UNMASK_API double unmask_option_default(int32_t index);
UNMASK_API double unmask_option_minimum(int32_t index);
UNMASK_API double unmask_option_maximum(int32_t index);

/* ---- Sessions ------------------------------------------------------------------------------------------ */

typedef struct unmask_session unmask_session;

/* One text to be written: a canvas of tokens, with options copied from `options` (NULL: defaults). */
UNMASK_API unmask_session* unmask_session_create(unmask_model* model, const unmask_options* options);
UNMASK_API void unmask_session_destroy(unmask_session* session);

/* The canvas becomes the prompt and `length` masks. Refused while a decoder has the session. The prompt is a
 * text, one user message, a conversation, or token ids [count]; see the model's functions of these names. */
UNMASK_API unmask_status unmask_session_set_prompt(unmask_session* session, const char* text);
UNMASK_API unmask_status unmask_session_set_chat(unmask_session* session, const char* message);
UNMASK_API unmask_status unmask_session_set_messages(unmask_session* session,
                                                     const unmask_messages* messages);
UNMASK_API unmask_status unmask_session_set_tokens(unmask_session* session, const int32_t* tokens,
                                                   int64_t count);

/* The canvas: prompt, then generated tokens, with the model's mask token where nothing is decided yet.
 * Returns its length and writes the first `capacity` ids; -1 on failure. */
UNMASK_API int64_t unmask_session_get_tokens(const unmask_session* session, int32_t* tokens,
                                             int64_t capacity);
UNMASK_API int64_t unmask_session_prompt_length(const unmask_session* session); /* tokens; -1 on failure */
UNMASK_API int64_t unmask_session_masks_left(const unmask_session* session);    /* -1 on failure */

/* The generated text up to the first end token, masks left out. Stays until the next call of this function
 * for the session, or its end. NULL on failure. */
UNMASK_API const char* unmask_session_text(unmask_session* session);

/* Editing the canvas: seeds, and what is to be written anew. Positions count from the canvas's beginning. All
 * are refused while a decoder has the session, and change no position of the prompt; none makes events. */

/* The canvas becomes these ids, the first `prompt_length` of them the prompt; the model's mask token stands
 * where a token is to be written. Option `length` is not used. For filling gaps in a text. */
UNMASK_API unmask_status unmask_session_set_canvas(unmask_session* session, const int32_t* tokens,
                                                   int64_t count, int64_t prompt_length);

/* Puts `tokens` [count] at `position` and after it. A decoder keeps them, unless its strategy revises. */
UNMASK_API unmask_status unmask_session_write(unmask_session* session, int64_t position,
                                              const int32_t* tokens, int64_t count);

/* `count` positions from `position` on become masks. */
UNMASK_API unmask_status unmask_session_mask(unmask_session* session, int64_t position, int64_t count);

/* Pins the tokens of `count` positions, or (`on` = 0) lets them go: no strategy revises a pinned token, and
 * write and mask refuse it. Masks cannot be pinned. */
UNMASK_API unmask_status unmask_session_pin(unmask_session* session, int64_t position, int64_t count,
                                            int32_t on);
UNMASK_API int32_t unmask_session_pinned(const unmask_session* session,
                                         int64_t position); /* 1, 0; -1 on failure */

/* What the model would put at `positions` [count], without committing anything: the `top` most probable
 * tokens of each, best first, and their probabilities before any temperature, both [count * top]. One forward
 * pass over the canvas as it is; blocks until the device is done. Also while a decoder has the session,
 * between its steps. */
UNMASK_API unmask_status unmask_session_predict(const unmask_session* session, const int32_t* positions,
                                                int64_t count, int32_t top, int32_t* tokens,
                                                float* probabilities);

/* What the session has cost since its prompt was set. Rows are positions computed; FLOPs count a multiply-add
 * as two, and neither counts padding. */
typedef struct unmask_statistics {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t forward_passes;
  int64_t rows;      /* summed over passes */
  int64_t head_rows; /* rows that went through the LM head */
  int64_t flops;
  int64_t bytes_read_back;   /* device to host */
  int64_t largest_read_back; /* in one step, bytes */
  int64_t revisions;         /* tokens that took the place of others */
  int64_t drafted;           /* tokens put forward to be verified */
  int64_t accepted;          /* of them, those that stayed */
} unmask_statistics;
UNMASK_API void unmask_statistics_init(unmask_statistics* statistics);
UNMASK_API unmask_status unmask_session_get_statistics(const unmask_session* session,
                                                       unmask_statistics* statistics);

/* ---- Decoders ------------------------------------------------------------------------------------------ */

typedef struct unmask_decoder unmask_decoder;

/* Advances sessions of one model together; each gets the tokens it would get alone. Has the sessions until it
 * is destroyed. `strategy`: see unmask_strategy_name; NULL: "vanilla". */
UNMASK_API unmask_decoder* unmask_decoder_create(unmask_session* const* sessions, int32_t count,
                                                 const char* strategy);

/* The same with drafters: drafters[i], a session of a cheaper model on the same device, proposes tokens to
 * sessions[i], which verifies them, or takes the steps that option "schedule" gives it. Each drafter's canvas
 * must have the prompt and the length of its session's. Has all of them until it is destroyed. `strategy`:
 * one that has a use for drafters, such as "exact". */
UNMASK_API unmask_decoder* unmask_decoder_create_with_drafters(unmask_session* const* sessions,
                                                               unmask_session* const* drafters, int32_t count,
                                                               const char* strategy);
UNMASK_API void unmask_decoder_destroy(unmask_decoder* decoder);

UNMASK_API int32_t unmask_strategy_count(void);
UNMASK_API const char* unmask_strategy_name(int32_t index); /* static; NULL: no such strategy */

/* Whether a strategy takes drafters. */
typedef enum unmask_drafter_use {
  UNMASK_DRAFTER_UNUSED = 0,
  UNMASK_DRAFTER_OPTIONAL = 1,
  UNMASK_DRAFTER_REQUIRED = 2,
  UNMASK_DRAFTER_SCHEDULED = 3 /* it may: option "schedule" then says which steps the drafters take */
} unmask_drafter_use;
UNMASK_API int32_t unmask_strategy_drafter_use(int32_t index); /* -1: no such strategy */

typedef struct unmask_progress {
  uint32_t struct_size;
  int32_t finished;    /* 1: no masks are left, and no token is to be revised */
  int32_t rounds;      /* steps done */
  int32_t masks_left;  /* over all sessions */
  int32_t masks_total; /* at the beginning */
  int32_t reserved;
  double seconds; /* spent in unmask_decoder_step so far */
  /* What the last step cost, over all sessions; as in unmask_statistics. 0 once all is finished. */
  int64_t rows;
  int64_t head_rows;
  int64_t flops;
  int64_t bytes_read_back;
  int64_t bytes_moved; /* in device memory, if its kernels read and write every operand once */
} unmask_progress;
UNMASK_API void unmask_progress_init(unmask_progress* progress);

/* One round: one denoising step, or one draft with its verification, for every unfinished session. Blocks
 * until the device is done. `progress` may be NULL. After an error the sessions keep what was committed. */
UNMASK_API unmask_status unmask_decoder_step(unmask_decoder* decoder, unmask_progress* progress);

/* From any thread: the round under way ends, and further ones return UNMASK_CANCELLED. */
UNMASK_API unmask_status unmask_decoder_cancel(unmask_decoder* decoder);

/* Why the last round went as it did, in sentences with the figures it was decided by: draft length, costs,
 * acceptance. Empty where the strategy decides nothing. Stays until the next call of this function for the
 * decoder, or its end. NULL on failure. */
UNMASK_API const char* unmask_decoder_explanation(unmask_decoder* decoder);

/* Every event leaves its `token` at its `position`. */
typedef enum unmask_event_kind {
  UNMASK_EVENT_COMMITTED = 0, /* a mask became a token */
  UNMASK_EVENT_REVISED = 1,   /* a token was replaced, or (token = mask) taken back */
  UNMASK_EVENT_DRAFTED = 2,   /* a mask became a token that is to be verified */
  UNMASK_EVENT_ACCEPTED = 3,  /* a drafted token stays */
  UNMASK_EVENT_REJECTED = 4   /* a drafted token was taken back (token = mask), or replaced */
} unmask_event_kind;

/* Why a drafted token was rejected. */
typedef enum unmask_reason {
  UNMASK_REASON_NONE = 0,
  UNMASK_REASON_DISAGREES = 1,  /* the verifier would have put another token there */
  UNMASK_REASON_IMPROBABLE = 2, /* the verifier finds it too improbable */
  UNMASK_REASON_DISPLACED = 3   /* it was drafted after one that was rejected */
} unmask_reason;

typedef struct unmask_event {
  uint32_t struct_size;
  int32_t kind;      /* unmask_event_kind */
  int32_t session;   /* index in the decoder */
  int32_t position;  /* in the canvas */
  int32_t token;     /* now there */
  int32_t previous;  /* before */
  int32_t round;     /* from 1 */
  int32_t reason;    /* unmask_reason */
  float probability; /* of a judged token, in the verifier's distribution; -1: not known */
  int32_t reserved;
} unmask_event;
UNMASK_API void unmask_event_init(unmask_event* event);

/* Takes the oldest event not yet taken. Returns 1, or 0 when there is none, or -1 on failure. Positions
 * filled because the text ended before them make no events. */
UNMASK_API int32_t unmask_decoder_next_event(unmask_decoder* decoder, unmask_event* event);

/* ---- Measuring ----------------------------------------------------------------------------------------- */

/* Bytes of device memory that decoding takes beside the model's weights: keys and values, what cache policies
 * keep, activations. Known before any of it is taken, which the first step does. -1 on failure. */
UNMASK_API int64_t unmask_decoder_memory(unmask_decoder* decoder);

/* Device time per kernel label. Switch it on, step, and read. Profiled steps run the same work with time
 * stamps. */
UNMASK_API unmask_status unmask_decoder_set_profiling(unmask_decoder* decoder, int32_t on);
/* Takes a snapshot and returns how many entries it has; -1 on failure. */
UNMASK_API int32_t unmask_decoder_profile_count(unmask_decoder* decoder);

typedef struct unmask_profile_entry {
  uint32_t struct_size;
  uint32_t dispatches; /* per step */
  double seconds;      /* device time since profiling was switched on */
  double flops;        /* executed since then, padding included */
  double bytes;        /* moved since then if every operand is read once */
} unmask_profile_entry;
UNMASK_API void unmask_profile_entry_init(unmask_profile_entry* entry);
/* Fills `entry` and returns its label (stays until the next snapshot), or NULL when there is none. */
UNMASK_API const char* unmask_decoder_get_profile(unmask_decoder* decoder, int32_t index,
                                                  unmask_profile_entry* entry);

/* The matmul kernel against the textbook one on this device, y [rows, outputs] = x [rows, inputs] w^T;
 * GFLOP/s of the best of `repeats` runs each. `dtype` of the weights: "f32", "f16" or "bf16". */
UNMASK_API unmask_status unmask_device_measure_matmul(unmask_device* device, int32_t rows, int32_t outputs,
                                                      int32_t inputs, const char* dtype, int32_t repeats,
                                                      double* gflops, double* textbook_gflops);

#ifdef __cplusplus
}
#endif

#endif /* UNMASK_H */
