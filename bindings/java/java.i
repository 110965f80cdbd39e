// Java: UTF-8 both ways, int[] and float[][], exceptions by status, AutoCloseable with a Cleaner.
%include <typemaps.i>

%{
#include <cstring>

namespace {

// Copies a Java array of bytes; false with a Java exception pending if it is null.
bool read_bytes(JNIEnv* env, jbyteArray from, std::string& to) {
  if (from == nullptr) {
    env->ThrowNew(env->FindClass("java/lang/NullPointerException"), "text");
    return false;
  }
  to.resize(static_cast<size_t>(env->GetArrayLength(from)));
  env->GetByteArrayRegion(from, 0, static_cast<jsize>(to.size()), reinterpret_cast<jbyte*>(to.data()));
  return true;
}

jbyteArray new_bytes(JNIEnv* env, const std::string& from) {
  const auto size = static_cast<jsize>(from.size());
  jbyteArray const to = env->NewByteArray(size);
  if (to != nullptr) env->SetByteArrayRegion(to, 0, size, reinterpret_cast<const jbyte*>(from.data()));
  return to;
}

bool read_tokens(JNIEnv* env, jintArray from, unmask::Tokens& to) {
  if (from == nullptr) {
    env->ThrowNew(env->FindClass("java/lang/NullPointerException"), "tokens");
    return false;
  }
  to.resize(static_cast<size_t>(env->GetArrayLength(from)));
  env->GetIntArrayRegion(from, 0, static_cast<jsize>(to.size()), reinterpret_cast<jint*>(to.data()));
  return true;
}

jintArray new_array(JNIEnv* env, const unmask::Tokens& from) {
  const auto size = static_cast<jsize>(from.size());
  jintArray const to = env->NewIntArray(size);
  if (to != nullptr) env->SetIntArrayRegion(to, 0, size, reinterpret_cast<const jint*>(from.data()));
  return to;
}

jintArray new_row(JNIEnv* env, const int32_t* values, jsize columns) {
  jintArray const row = env->NewIntArray(columns);
  if (row != nullptr) env->SetIntArrayRegion(row, 0, columns, reinterpret_cast<const jint*>(values));
  return row;
}

jfloatArray new_row(JNIEnv* env, const float* values, jsize columns) {
  jfloatArray const row = env->NewFloatArray(columns);
  if (row != nullptr) env->SetFloatArrayRegion(row, 0, columns, values);
  return row;
}

// An array of rows, of the class `row_class`.
template <typename T>
jobjectArray new_array(JNIEnv* env, const unmask::Table<T>& from, const char* row_class) {
  jobjectArray const to = env->NewObjectArray(static_cast<jsize>(from.rows), env->FindClass(row_class), nullptr);
  for (jsize i = 0; to != nullptr && i < from.rows; ++i) {
    const auto row = new_row(env, from.values.data() + i * from.columns, static_cast<jsize>(from.columns));
    if (row == nullptr) return nullptr;
    env->SetObjectArrayElement(to, i, row);
    env->DeleteLocalRef(row);
  }
  return to;
}

// Throws org.unmask.UnmaskException(status, sentence as UTF-8).
void raise(JNIEnv* env, unmask_status status, const char* sentence) {
  jclass const kind = env->FindClass("org/unmask/UnmaskException");
  if (kind == nullptr) return;
  jmethodID const constructor = env->GetMethodID(kind, "<init>", "(I[B)V");
  jbyteArray const text = constructor != nullptr ? new_bytes(env, sentence) : nullptr;
  if (text == nullptr) return;
  env->Throw(static_cast<jthrowable>(env->NewObject(kind, constructor, static_cast<jint>(status), text)));
}

}  // namespace
%}

%exception {
  try {
    $action
  } catch (const unmask::Failure& failure) {
    raise(jenv, failure.status(), failure.what());
    return $null;
  } catch (const std::bad_alloc&) {
    raise(jenv, UNMASK_OUT_OF_MEMORY, "The host is out of memory.");
    return $null;
  }
}

// ---- Values -------------------------------------------------------------------------------------------------------

// JNI's own strings are modified UTF-8, which knows no character outside the basic plane: bytes instead.
%typemap(jni) std::string, const std::string&, const char* dtype "jbyteArray"
%typemap(jtype) std::string, const std::string&, const char* dtype "byte[]"
%typemap(jstype) std::string, const std::string&, const char* dtype "String"
%typemap(javain) std::string, const std::string&, const char* dtype
  "$javainput.getBytes(java.nio.charset.StandardCharsets.UTF_8)"
%typemap(javaout) std::string, const std::string&, const char* dtype {
    return new String($jnicall, java.nio.charset.StandardCharsets.UTF_8);
  }
%typemap(in) std::string {
  if (!read_bytes(jenv, $input, $1)) return $null;
}
%typemap(in) const std::string& (std::string text) {
  if (!read_bytes(jenv, $input, text)) return $null;
  $1 = &text;
}
%typemap(in) const char* dtype (std::string text) {
  if (!read_bytes(jenv, $input, text)) return $null;
  $1 = const_cast<char*>(text.c_str());
}
%typemap(freearg) const char* dtype ""
%typemap(out) std::string, const char* dtype "$result = new_bytes(jenv, $1);"
%typemap(out) const std::string& "$result = new_bytes(jenv, *$1);"

%typemap(jni) unmask::Tokens, const unmask::Tokens& "jintArray"
%typemap(jtype) unmask::Tokens, const unmask::Tokens& "int[]"
%typemap(jstype) unmask::Tokens, const unmask::Tokens& "int[]"
%typemap(javain) const unmask::Tokens& "$javainput"
%typemap(javaout) unmask::Tokens { return $jnicall; }
%typemap(in) const unmask::Tokens& (unmask::Tokens tokens) {
  if (!read_tokens(jenv, $input, tokens)) return $null;
  $1 = &tokens;
}
%typemap(out) unmask::Tokens "$result = new_array(jenv, $1);"

%define %matrix(Type, JavaType, RowClass)
%typemap(jni) Type, Type* "jobjectArray"
%typemap(jtype) Type, Type* JavaType
%typemap(jstype) Type, Type* JavaType
%typemap(javaout) Type, Type* { return $jnicall; }
%typemap(out) Type {
  const Type& table = $1;
  $result = new_array(jenv, table, RowClass);
}
%typemap(out) Type* { $result = new_array(jenv, *$1, RowClass); }
%enddef
%matrix(unmask::Matrix, "float[][]", "[F")
%matrix(unmask::TokenMatrix, "int[][]", "[I")

// Lists are unmodifiable lists of values that own themselves.
%{
template <typename T>
jlongArray new_pointers(JNIEnv* env, const std::vector<T>& values) {
  std::vector<jlong> pointers;
  for (const T& value : values) pointers.push_back(reinterpret_cast<jlong>(new T(value)));
  const auto size = static_cast<jsize>(pointers.size());
  jlongArray const to = env->NewLongArray(size);
  if (to != nullptr) env->SetLongArrayRegion(to, 0, size, pointers.data());
  return to;
}

jobjectArray new_texts(JNIEnv* env, const std::vector<std::string>& texts) {
  jobjectArray const to = env->NewObjectArray(static_cast<jsize>(texts.size()), env->FindClass("[B"), nullptr);
  for (size_t i = 0; to != nullptr && i < texts.size(); ++i) {
    jbyteArray const text = new_bytes(env, texts[i]);
    if (text == nullptr) return nullptr;
    env->SetObjectArrayElement(to, static_cast<jsize>(i), text);
    env->DeleteLocalRef(text);
  }
  return to;
}
%}
%define %list(Type, Class)
%typemap(jni) std::vector<Type>, std::vector<Type>* "jlongArray"
%typemap(jtype) std::vector<Type>, std::vector<Type>* "long[]"
%typemap(jstype) std::vector<Type>, std::vector<Type>* "java.util.List<Class>"
%typemap(javaout) std::vector<Type>, std::vector<Type>* {
    return java.util.Arrays.stream($jnicall).mapToObj(pointer -> new Class(pointer, true)).toList();
  }
%typemap(out) std::vector<Type> "$result = new_pointers<Type>(jenv, $1);"
%typemap(out) std::vector<Type>* "$result = new_pointers<Type>(jenv, *$1);"
%enddef
%typemap(jni) std::vector<std::string>, std::vector<std::string>* "jobjectArray"
%typemap(jtype) std::vector<std::string>, std::vector<std::string>* "byte[][]"
%typemap(jstype) std::vector<std::string>, std::vector<std::string>* "java.util.List<String>"
%typemap(javaout) std::vector<std::string>, std::vector<std::string>* {
    return Natives.texts($jnicall);
  }
%typemap(out) std::vector<std::string> "$result = new_texts(jenv, $1);"
%typemap(out) std::vector<std::string>* "$result = new_texts(jenv, *$1);"

%typemap(jni) const std::vector<unmask::Session*>& "jlongArray"
%typemap(jtype) const std::vector<unmask::Session*>& "long[]"
%typemap(jstype) const std::vector<unmask::Session*>& "java.util.Collection<Session>"
%typemap(javain, post="      java.lang.ref.Reference.reachabilityFence($javainput);")
  const std::vector<unmask::Session*>& "$javainput.stream().mapToLong(Session::getCPtr).toArray()"
%typemap(in) const std::vector<unmask::Session*>& (std::vector<unmask::Session*> sessions) {
  std::vector<jlong> pointers(static_cast<size_t>(jenv->GetArrayLength($input)));
  jenv->GetLongArrayRegion($input, 0, static_cast<jsize>(pointers.size()), pointers.data());
  for (jlong pointer : pointers) sessions.push_back(reinterpret_cast<unmask::Session*>(pointer));
  $1 = &sessions;
}

// Numbers that are enumerators, as such.
%define %enumerated(Declaration, Enum)
%typemap(jstype) Declaration "Enum"
%typemap(javaout) Declaration { return Enum.swigToEnum($jnicall); }
%enddef
%enumerated(int32_t unmask_event::kind, EventKind)
%enumerated(int32_t unmask_event::reason, Reason)
%enumerated(int32_t unmask::OptionInfo::kind, OptionKind)
%enumerated(int32_t unmask::LogMessage::level, LogLevel)
%javaconst(1);

// ---- Objects --------------------------------------------------------------------------------------------------------

%rename("%(lowercamelcase)s", %$isfunction) "";
%rename("%(lowercamelcase)s", %$isvariable) "";

// A Cleaner frees what the garbage collector finds, in the place of finalizers. It must not refer to the object.
%define %cleaned(Type)
%typemap(javabody) Type %{
  private transient long swigCPtr;
  private final java.lang.ref.Cleaner.Cleanable cleanable;

  protected $javaclassname(long cPtr, boolean owned) {
    swigCPtr = cPtr;
    cleanable = owned ? Natives.CLEANER.register(this, () -> $imclassname.delete_$javaclassname(cPtr)) : null;
  }

  protected static long getCPtr($javaclassname object) {
    return object == null ? 0 : object.swigCPtr;
  }
%}
%typemap(javafinalize) Type ""
%typemap(javadestruct, methodname="free", methodmodifiers="private") Type {
    cleanable.clean();
  }
%enddef
%cleaned(SWIGTYPE)

%pragma(java) jniclasscode=%{
  static {
    Natives.load();
  }
%}

%define %closeable(Class, Interfaces)
%typemap(javainterfaces) unmask::Class Interfaces
%enddef
%closeable(Device, "AutoCloseable")
%closeable(Model, "AutoCloseable")
%closeable(Loader, "AutoCloseable")
%closeable(Converter, "AutoCloseable")
%closeable(Messages, "AutoCloseable")
%closeable(Options, "AutoCloseable")
%closeable(Session, "AutoCloseable")
%closeable(Decoder, "AutoCloseable, Iterable<Event>")

// Adding a message returns the messages, to add another; setting an option likewise.
%typemap(javaout) void unmask::Messages::add {
    $jnicall;
    return this;
  }
%typemap(jstype) void unmask::Messages::add "Messages"
%typemap(javaout) void unmask::Options::set {
    $jnicall;
    return this;
  }
%typemap(jstype) void unmask::Options::set "Options"

%typemap(javacode) unmask::Decoder %{
  /** Steps to the end, event by event. */
  @Override
  public java.util.Iterator<Event> iterator() {
    return new EventIterator(this);
  }

  /** The same for subscribers, stepping on another thread as far as they ask; their cancelling cancels the decoder. */
  public java.util.concurrent.Flow.Publisher<Event> publisher() {
    return new EventPublisher(this);
  }

  /** Steps to the end. */
  public Progress run() {
    Progress progress = step();
    while (!progress.getFinished()) progress = step();
    return progress;
  }
%}
%typemap(javacode) unmask::Session %{
  /** A decoder of this session alone. */
  public Decoder decode(String strategy) {
    return new Decoder(this, strategy);
  }

  /** The same with a drafter, a session of a cheaper model with the same prompt and length. */
  public Decoder decode(String strategy, Session drafter) {
    return new Decoder(this, strategy, drafter);
  }

  public Decoder decode() {
    return new Decoder(this);
  }
%}

// Getters are called as Java's are, like those of the structs.
%rename(getName) unmask::Device::name;
%rename(getDriver) unmask::Device::driver;
%rename(getArchitecture) unmask::Model::architecture;
%rename(getChatFormat) unmask::Model::chat_format;
%rename(getBytesDone) unmask::Loader::bytes_done;
%rename(getBytesTotal) unmask::Loader::bytes_total;
%rename(getBytesDone) unmask::Converter::bytes_done;
%rename(getBytesTotal) unmask::Converter::bytes_total;
%rename(getNotes) unmask::Converter::notes;
%rename(getPromptLength) unmask::Session::prompt_length;
%rename(getMasksLeft) unmask::Session::masks_left;
%rename(getText) unmask::Session::text;
%rename(getExplanation) unmask::Decoder::explanation;
%rename(getMemory) unmask::Decoder::memory;
%rename(isClosed) closed;
